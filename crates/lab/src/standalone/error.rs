//! Errors of a standalone load.

use linux_net::CountersError;
use load_generator::LoadError;
use run_record::RunDirectoryError;

/// A standalone load without a result. Attempts that fail are results, not errors.
#[derive(Debug, thiserror::Error)]
pub enum StandaloneError {
    /// The run directory could not be created or written.
    #[error(transparent)]
    Directory(#[from] RunDirectoryError),
    /// The counters of this host could not be read.
    #[error(transparent)]
    Counters(#[from] CountersError),
    /// The load failed.
    #[error("run the load: {0}")]
    Load(#[from] LoadError),
    /// The user interrupted it. The partial results are discarded.
    #[error("finish the load: it was interrupted")]
    Interrupted,
}

pub(super) type Result<T> = std::result::Result<T, StandaloneError>;
