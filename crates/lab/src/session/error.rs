//! Why a session could not start, or not go on.

use run_record::RunDirectoryError;

use crate::backend::BackendError;
use crate::error::LabError;

/// Why a session could not start, or not go on. What trials found is never an error.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The scenario, or what is changed in it, is invalid.
    #[error(transparent)]
    Scenario(#[from] scenario::ScenarioErrors),
    /// There is no such scenario.
    #[error(transparent)]
    Find(#[from] scenario::FindError),
    /// What was asked for does not fit together. Nothing was started.
    #[error("failed to {0}")]
    Request(String),
    /// A run directory cannot be read or created.
    #[error("failed to {0}")]
    Directory(#[from] RunDirectoryError),
    /// The run could not go on.
    #[error("failed to {0}")]
    Run(#[from] LabError),
}

impl From<BackendError> for SessionError {
    fn from(error: BackendError) -> Self {
        Self::Run(error.into())
    }
}

impl SessionError {
    /// Whether the user ended the session.
    pub fn is_interruption(&self) -> bool {
        matches!(self, Self::Run(LabError::Interrupted))
    }
}

pub(super) type Result<T> = std::result::Result<T, SessionError>;
