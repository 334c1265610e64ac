//! The request of a session.

use std::path::PathBuf;

use run_record::Tool;

/// The request of a session.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// A scenario, a suite, or a run to resume.
    pub target: Target,
    /// The backend's name; the default one, or that of the run to resume, if `None`.
    pub backend: Option<String>,
    /// Another build to interleave with this one.
    pub against: Option<Against>,
    /// The scenario's file may start programs, wherever it is from.
    pub allow_commands: bool,
    /// How often a failed trial is retried.
    pub retries: u32,
    /// How often a disturbed trial is retried.
    pub disturbed_retries: u32,
    /// The folder of run directories.
    pub out: PathBuf,
    /// This program, for the record.
    pub tool: Tool,
}

/// What to run.
#[derive(Debug, Clone)]
pub enum Target {
    /// A scenario or a suite, by its name or the path of its file.
    New {
        /// The name, or the path of the file.
        scenario: String,
        /// The changes to the scenario or suite.
        changes: scenario::Overrides,
    },
    /// An unfinished run to resume.
    Resume {
        /// The run's directory.
        run: PathBuf,
        /// The run's scenario, by name or path; as recorded if `None`.
        scenario: Option<String>,
        /// As [`scenario::Overrides::allow_large`].
        allow_large: bool,
    },
}

/// What the user has allowed a scenario that may come from a stranger.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowed {
    /// As [`scenario::Overrides::allow_large`].
    pub(super) large: bool,
    /// As [`RunRequest::allow_commands`].
    pub(super) commands: bool,
}

/// Another build of this program, as the baseline of this one.
#[derive(Debug, Clone)]
pub struct Against {
    /// The path of its executable, or the name of its image.
    pub build: String,
    /// Minimum repetitions of each cell, unless the changes set a number.
    pub min_repetitions: u32,
}
