//! How a suite ended with all its steps: what an action returns.

use super::settings::Settings;
use super::steps::{COMPARE_CODE, RUN_CODE, SUITE, StepFiles, VERDICT};
use super::{outputs, program};
use crate::error::Result;
use crate::exit::Exit;

/// Sets the outputs `verdict`, `exit-code` (that of `queuelab ci` without a step) and `run`
/// (the suite's directory).
pub(super) fn write_outputs(settings: &Settings) -> Result<()> {
    let steps = &settings.steps;
    let exit = exit(steps) as i32;
    let run = steps.read(SUITE).unwrap_or_default();
    let values = [("verdict", verdict(steps)), ("exit-code", exit.to_string()), ("run", run)];
    outputs::write(settings, &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// The comparison's verdict, unless the run's is worse.
fn verdict(steps: &StepFiles) -> String {
    if steps.read(SUITE).is_none() {
        return "not-run".to_owned();
    }
    let compared = steps.read(VERDICT).unwrap_or_default();
    if ["accepted", "failed", "regressed"].contains(&compared.as_str()) {
        return compared;
    }
    let run = match steps.read(RUN_CODE).as_deref() {
        Some("0") if !compared.is_empty() => return compared,
        Some("3") => "failed",
        Some("6") => "inconclusive",
        Some("130") => "interrupted",
        _ => "error",
    };
    run.to_owned()
}

/// The exit code of the comparison if it failed, otherwise that of the run.
pub(super) fn exit(steps: &StepFiles) -> Exit {
    // An accepted comparison has no number.
    let code = |name| steps.read(name).map(|code| code.parse().unwrap_or(0));
    let compared = code(COMPARE_CODE);
    let failed =
        [compared, code(RUN_CODE)].into_iter().flatten().find(|code| ![0, 6].contains(code));
    match failed {
        Some(code) => program::exit_from_code(code),
        None if compared.is_none() => Exit::Internal,
        None => Exit::Held,
    }
}
