//! The output of a command that failed.

use schemars::JsonSchema;
use serde::Serialize;

use crate::check::FileProblem;

/// A command that failed before it had a result. Standard error has the same as text.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Failure {
    /// The error.
    pub error: FailureDetail,
}

/// What went wrong.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FailureDetail {
    /// The exit code of the command.
    pub exit_code: u8,
    /// What went wrong.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
    /// The problems of a scenario's file.
    pub problems: Vec<FileProblem>,
}
