//! Errors of run directories and suites' directories.

use std::io;
use std::path::{Path, PathBuf};

use crate::SCHEMA_VERSION;

/// Why a run directory could not be used.
#[derive(Debug, thiserror::Error)]
pub enum RunDirectoryError {
    /// A file operation failed.
    #[error("{action} {}: {source}", path.display())]
    Io {
        /// What was tried, as a fragment that fits "failed to ...".
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// There is no `run.json` in it.
    #[error("read {}: it is not a run directory (it has no run.json)", .0.display())]
    NotARun(PathBuf),
    /// There is no `suite.json` in it.
    #[error("read {}: it is not a suite's directory (it has no suite.json)", .0.display())]
    NotASuite(PathBuf),
    /// A file is not what this build can read.
    #[error("read {}, line {line}: {reason}", path.display())]
    Malformed {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// Somebody else is writing to it.
    #[error("write to {}: another queuelab is running it now; wait for its end", .0.display())]
    Busy(PathBuf),
    /// The directory was written by a newer build.
    #[error(
        "read {}: it has schema version {found}, and this build reads up to {SCHEMA_VERSION}; use a newer queuelab",
        path.display()
    )]
    NewerSchema {
        /// Its file that says so.
        path: PathBuf,
        /// Its version.
        found: u64,
    },
}

pub(crate) fn io_error(action: &'static str, path: &Path, source: io::Error) -> RunDirectoryError {
    RunDirectoryError::Io { action, path: path.to_owned(), source }
}
