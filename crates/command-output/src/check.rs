//! The output of `queuelab check`.

use schemars::JsonSchema;
use serde::Serialize;

/// The files that were checked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Checks {
    /// Whether all are valid.
    pub valid: bool,
    /// Each file, in the order of the arguments.
    pub files: Vec<CheckedFile>,
}

/// A file that was checked.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CheckedFile {
    /// The name of the file without its extension.
    pub name: String,
    /// Its path.
    pub path: String,
    /// Whether it is a scenario or a suite.
    pub kind: FileKind,
    /// Whether it is valid on this kernel.
    pub valid: bool,
    /// Scenarios of a valid suite.
    pub scenarios: Option<u64>,
    /// Cells of a valid file.
    pub cells: Option<u64>,
    /// Trials of a valid file.
    pub trials: Option<u64>,
    /// What is wrong with it.
    pub problems: Vec<FileProblem>,
    /// What will not go as a valid scenario's settings suggest, such as connections that find a
    /// full queue. Empty for a suite: see its scenarios.
    pub warnings: Vec<FileProblem>,
    /// The limit of this machine that is too low to run a valid file.
    pub machine_limit: Option<String>,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A scenario.
    Scenario,
    /// A suite.
    Suite,
}

/// A problem of a file.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FileProblem {
    /// Its line, from 1; none if it is not about a part of the file.
    pub line: Option<u64>,
    /// Its column in characters, from 1.
    pub column: Option<u64>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}
