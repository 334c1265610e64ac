//! Errors of a run.

use std::sync::atomic::{AtomicBool, Ordering};

use run_record::RunDirectoryError;
use worker::WorkerError;

use crate::backend::{Backend, BackendError};
use crate::build::BuildError;

/// A run could not continue. Results of trials are never errors.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A worker could not be started, failed, or broke the protocol.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    /// The server of the scenario cannot run here.
    #[error("{0}")]
    Server(String),
    /// The run directory could not be written.
    #[error(transparent)]
    Record(#[from] RunDirectoryError),
    /// Another build of the program cannot run.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Workers of another build failed.
    #[error("{source}, with the workers of the build {build}")]
    WithBuild {
        /// The build.
        build: String,
        /// The error.
        source: Box<LabError>,
    },
    /// The user interrupted the run.
    #[error("finish the run: it was interrupted")]
    Interrupted,
}

impl LabError {
    /// The error to show to the user: after an interruption every failure is caused by
    /// it, and a failure with workers of another build names that build.
    pub(crate) fn attributed(self, backend: &dyn Backend, interrupted: &AtomicBool) -> Self {
        match (interrupted.load(Ordering::Relaxed), backend.build()) {
            (true, _) => Self::Interrupted,
            (false, Some(build)) => Self::WithBuild { build: build.name, source: Box::new(self) },
            (false, None) => self,
        }
    }
}

pub(crate) type Result<T> = std::result::Result<T, LabError>;
