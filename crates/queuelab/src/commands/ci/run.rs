//! The step that runs the suite.

use super::settings::Settings;
use super::steps::{BASELINE, RUN_CODE, SUITE};
use super::{machine, program, runs};
use crate::commands::print_output;
use crate::error::Result;
use crate::exit::Exit;

/// Retries of a trial that other processes on the runner disturbed.
const DISTURBED_RETRIES: &str = "2";

/// Runs the suite; writes its exit code, its directory and the baseline's for later steps. A
/// suite that is inconclusive, because most trials of a scenario were disturbed, does not fail
/// the step: nothing of the program failed.
pub(super) fn run(settings: &Settings) -> Result {
    let (steps, suite) = (&settings.steps, settings.suite_name());
    steps.clear()?;
    let line = |path: Option<std::path::PathBuf>| {
        path.map_or(String::new(), |path| format!("{}\n", path.display()))
    };
    let machine = machine::name(settings);
    let baseline = runs::newest_good(&settings.baseline, suite, &machine);
    steps.write(BASELINE, &line(baseline))?;
    let before = runs::newest(&settings.out, suite);
    let out = settings.out.to_string_lossy();
    let backend = settings.backend.as_str();
    let retries = ["--retry", "1", "--retry-disturbed", DISTURBED_RETRIES];
    let start = ["run", &settings.suite, "--backend", backend];
    let code = program::run(settings, &[&start[..], &retries, &["--out", &out]].concat())?;
    steps.write(RUN_CODE, &format!("{code}\n"))?;
    // Without a new directory the suite did not start.
    let new = runs::newest(&settings.out, suite).filter(|new| before.as_ref() != Some(new));
    steps.write(SUITE, &line(new))?;
    if code == Exit::Undecided as i32 {
        print_output(
            "inconclusive: the machine disturbed most trials of a scenario, so that the run \
             cannot be a baseline; its exact laws were checked",
        )?;
        return Ok(Exit::Held);
    }
    Ok(program::exit_from_code(code))
}
