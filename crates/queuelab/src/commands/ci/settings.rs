//! What the environment says of a suite in CI.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::steps::StepFiles;

pub(super) const HELP: &str = "\
Environment:
    SUITE      the suite's name or the path of its file (nightly)
    BACKEND    netns (default) or docker
    OUT        where runs are written (reports/runs)
    STEPS      where steps leave their results for the next ones (reports/steps)
    BASELINE   a directory with an earlier OUT (OUT itself)
    ACCEPT     1 if a change against the baseline is intended: the run becomes good,
               and so the next baseline
    WORKFLOW   the workflow whose runs on GitHub leave a baseline (nightly.yml)
    BRANCH     the branch of those runs (the repository's default branch)
    QUEUELAB   the program that runs and compares (this one)
On GitHub also RUNNER_LABEL, GITHUB_OUTPUT and GITHUB_STEP_SUMMARY.";

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
    /// The file that takes the outputs of a step.
    pub(super) output: Option<PathBuf>,
    /// The file that takes the job's summary.
    pub(super) job_summary: Option<PathBuf>,
}

impl Settings {
    /// The settings of the environment; an empty variable counts as absent.
    pub(super) fn from_environment() -> Self {
        let path = |name| variable(name).map(PathBuf::from);
        let text = |name| variable(name).map(|value| value.to_string_lossy().into_owned());
        let out = path("OUT").unwrap_or_else(|| "reports/runs".into());
        Self {
            suite: text("SUITE").unwrap_or_else(|| "nightly".to_owned()),
            backend: text("BACKEND").unwrap_or_else(|| "netns".to_owned()),
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
