//! Errors of a program that is to be a server.

use std::io;

use linux_net::DiagError;
use worker::{Failure, OutputError, SettingProblem};

use crate::placeholders::UnknownPlaceholder;

/// A program could not be made the server of a trial.
#[derive(Debug, thiserror::Error)]
pub enum ProgramError {
    /// Settings are invalid.
    #[error("{}", SettingProblem::in_one_line(.0))]
    Settings(Vec<SettingProblem>),
    /// A placeholder has no value.
    #[error(transparent)]
    Placeholder(#[from] UnknownPlaceholder),
    /// The kernel refused the namespaces or the private directory.
    #[error("isolate the program: {0}")]
    Isolate(#[source] io::Error),
    /// A file of the scenario could not be written.
    #[error("write the file `{name}`: {source}")]
    File {
        /// Its name in the scenario.
        name: String,
        /// The error of the system call.
        source: io::Error,
    },
    /// It could not be started.
    #[error("start `{program}`: {reason}")]
    Start {
        /// Its name.
        program: String,
        /// The reason, for people.
        reason: String,
    },
    /// It cannot run as this user.
    #[error("run as the user `{user}`: {reason}")]
    User {
        /// The name in the scenario.
        user: String,
        /// The reason, for people.
        reason: String,
    },
    /// It did not become ready.
    #[error("start `{program}`: {reason}{output}")]
    NotReady {
        /// Its name.
        program: String,
        /// What happened instead.
        reason: String,
        /// The end of its output, or nothing; begins with its introduction.
        output: String,
    },
    /// The sockets of the host could not be listed.
    #[error(transparent)]
    Diag(#[from] DiagError),
    /// A channel to the controller or a thread failed.
    #[error("{what}: {source}")]
    Channel {
        /// What was tried.
        what: &'static str,
        /// The error of the system call.
        source: io::Error,
    },
}

impl From<&ProgramError> for Failure {
    fn from(error: &ProgramError) -> Self {
        Self { reason: error.to_string(), ..Self::default() }
    }
}

impl From<OutputError> for ProgramError {
    fn from(OutputError(source): OutputError) -> Self {
        Self::Channel { what: "write to standard output", source }
    }
}
