//! Errors of a session.

use run_record::RunDirectoryError;

use crate::backend::BackendError;
use crate::error::LabError;

/// A session could not start or continue. Results of trials are never errors.
///
/// The messages are complete sentences, because problems of a scenario do not fit after
/// "failed to".
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The scenario, or a change of it, is invalid.
    #[error(transparent)]
    Scenario(#[from] scenario::ScenarioErrors),
    /// There is no such scenario.
    #[error(transparent)]
    Find(#[from] scenario::FindError),
    /// The request is invalid. Nothing was started.
    #[error("failed to {0}")]
    Request(String),
    /// A run directory cannot be read or created.
    #[error("failed to {0}")]
    Directory(#[from] RunDirectoryError),
    /// The machine or the backend does not have the server of the scenario.
    #[error("failed to {0}")]
    NoServer(String),
    /// The run could not continue.
    #[error("failed to {0}")]
    Run(#[from] LabError),
}

impl From<BackendError> for SessionError {
    fn from(error: BackendError) -> Self {
        Self::Run(error.into())
    }
}

impl SessionError {
    /// Whether the user interrupted the session.
    pub fn is_interruption(&self) -> bool {
        matches!(self, Self::Run(LabError::Interrupted))
    }
}

pub(super) type Result<T> = std::result::Result<T, SessionError>;
