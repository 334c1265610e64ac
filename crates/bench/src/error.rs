//! Why the bench cannot measure.

use std::io;
use std::path::PathBuf;

/// Why the bench cannot measure; a fragment that fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// A worker of a measurement failed.
    #[error(transparent)]
    Worker(#[from] worker::WorkerError),
    /// This process is a server, and failed.
    #[error(transparent)]
    Server(#[from] chat_server::ServerError),
    /// This process is a load, and failed.
    #[error(transparent)]
    Load(#[from] load_generator::LoadError),
    /// This process is a bare loop, and failed.
    #[error("{0}")]
    Loop(String),
    /// The kernel refuses a network namespace.
    #[error(transparent)]
    Namespace(#[from] linux_net::NamespaceError),
    /// A sysctl of the namespace cannot be set.
    #[error(transparent)]
    Sysctl(#[from] linux_net::SysctlError),
    /// Too few files may be open.
    #[error(transparent)]
    OpenFiles(#[from] linux_net::OpenFilesError),
    /// The program `queuelab` cannot be built or run.
    #[error("{what}: {reason}")]
    Program {
        /// What was tried.
        what: String,
        /// Why it failed.
        reason: String,
    },
    /// The directory of the results cannot be written.
    #[error("write {path}: {source}")]
    Output {
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A file of a run cannot be read.
    #[error("read {path}: {source}")]
    Input {
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A system call of the bench itself failed.
    #[error("{what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// The cause.
        source: io::Error,
    },
}

/// A result of the bench.
pub(crate) type Result<T> = std::result::Result<T, BenchError>;
