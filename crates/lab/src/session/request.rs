//! What a session is to run.

use std::path::PathBuf;

use run_record::Tool;

/// What a session is to run.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// A scenario, a suite, or a run to go on with.
    pub target: Target,
    /// The backend's name; the default one, or that of the run to go on with, if
    /// `None`.
    pub backend: Option<String>,
    /// Another build to run in turn with this one.
    pub against: Option<Against>,
    /// How often a failed trial is run again.
    pub retries: u32,
    /// Where run directories go.
    pub out: PathBuf,
    /// This program, for the record.
    pub tool: Tool,
}

/// What to run.
#[derive(Debug, Clone)]
pub enum Target {
    /// A scenario or a suite, by its name or the path of its file.
    New {
        /// Name or path.
        scenario: String,
        /// What is changed in it.
        changes: scenario::Overrides,
    },
    /// A run that did not finish.
    Resume {
        /// Its directory.
        run: PathBuf,
        /// Its scenario, by name or path; as recorded if `None`.
        scenario: Option<String>,
    },
}

/// Another build of this program, as the baseline of this one.
#[derive(Debug, Clone)]
pub struct Against {
    /// The path of its executable, or the name of its image.
    pub build: String,
    /// Repetitions that each cell has at least, unless the changes name a number.
    pub min_repetitions: u32,
}
