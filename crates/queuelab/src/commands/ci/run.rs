//! The step that runs the suite.

use super::settings::Settings;
use super::steps::{BASELINE, RUN_CODE, SUITE};
use super::{machine, program, runs};
use crate::error::Result;

/// Runs the suite; writes its exit code, its directory and the baseline's for later steps.
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
    let arguments = ["run", &settings.suite, "--backend", backend, "--retry", "1", "--out", &out];
    let code = program::run(settings, &arguments)?;
    steps.write(RUN_CODE, &format!("{code}\n"))?;
    // Without a new directory the suite did not start.
    let new = runs::newest(&settings.out, suite).filter(|new| before.as_ref() != Some(new));
    steps.write(SUITE, &line(new))?;
    Ok(program::exit_from_code(code))
}
