//! Settings of a suite in CI, from the environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use lab::BackendKind;

use super::steps::StepFiles;
use crate::backend_name::{default_name, user_backends};

/// The help on the environment.
pub(super) fn help() -> String {
    let backends: Vec<_> = user_backends().map(BackendKind::name).collect();
    format!(
        "\
Environment:
    SUITE      name of the suite, or path of its file [default: nightly]
    BACKEND    {backends} [default: {default}]
    OUT        directory for runs [default: reports/runs]
    STEPS      directory for files that pass results between steps [default: reports/steps]
    BASELINE   copy of an earlier OUT that has the baseline [default: OUT]
    ACCEPT     1 accepts a change from the baseline: the run becomes the next baseline
    WORKFLOW   workflow on GitHub whose runs have baselines [default: nightly.yml]
    BRANCH     branch of those runs [default: the repository's default branch]
    QUEUELAB   queuelab executable to run [default: this one]
On GitHub also RUNNER_LABEL, GITHUB_OUTPUT and GITHUB_STEP_SUMMARY.",
        backends = backends.join(" or "),
        default = default_name(),
    )
}

/// The settings of all steps.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) suite: String,
    pub(super) backend: String,
    pub(super) out: PathBuf,
    pub(super) steps: StepFiles,
    pub(super) baseline: PathBuf,
    pub(super) accept: bool,
    pub(super) workflow: String,
    pub(super) branch: Option<String>,
    /// `None` for this program itself.
    pub(super) program: Option<OsString>,
    /// The label of GitHub's runner.
    pub(super) runner: String,
    /// The file for the outputs of a step.
    pub(super) output: Option<PathBuf>,
    /// The file for the job's summary.
    pub(super) job_summary: Option<PathBuf>,
}

impl Settings {
    /// Reads the environment; an empty variable counts as absent.
    pub(super) fn from_environment() -> Self {
        let path = |name| variable(name).map(PathBuf::from);
        let text = |name| variable(name).map(|value| value.to_string_lossy().into_owned());
        let out = path("OUT").unwrap_or_else(|| "reports/runs".into());
        Self {
            suite: text("SUITE").unwrap_or_else(|| "nightly".to_owned()),
            backend: text("BACKEND").unwrap_or_else(|| default_name().to_owned()),
            steps: StepFiles::new(path("STEPS").unwrap_or_else(|| "reports/steps".into())),
            baseline: path("BASELINE").unwrap_or_else(|| out.clone()),
            out,
            accept: text("ACCEPT").as_deref() == Some("1"),
            workflow: text("WORKFLOW").unwrap_or_else(|| "nightly.yml".to_owned()),
            branch: text("BRANCH"),
            program: variable("QUEUELAB"),
            runner: text("RUNNER_LABEL").unwrap_or_else(|| "local".to_owned()),
            output: path("GITHUB_OUTPUT"),
            job_summary: path("GITHUB_STEP_SUMMARY"),
        }
    }

    /// The suite's name, also if the path of its file is given.
    pub(super) fn suite_name(&self) -> &str {
        let name = Path::new(&self.suite).file_name().and_then(|name| name.to_str());
        let name = name.unwrap_or(&self.suite);
        name.strip_suffix(".yaml").unwrap_or(name)
    }
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
