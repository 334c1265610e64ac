//! Errors of starting a worker and talking to it.

use std::time::Duration;

use crate::message::PROTOCOL_VERSION;

/// Result of an operation on a worker.
pub type Result<T> = std::result::Result<T, WorkerError>;

/// A worker could not be started, failed, or broke the protocol. Each message
/// fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The process could not be started.
    #[error("start the {worker}: {source}")]
    Start {
        /// Name of the worker: `server`, `load` or `probe`.
        worker: &'static str,
        /// Cause.
        source: std::io::Error,
    },
    /// The worker reported an error.
    #[error("run the {worker}: {reason}")]
    Failed {
        /// Name of the worker.
        worker: &'static str,
        /// The worker's error message.
        reason: String,
        /// The errno if a system call failed.
        errno: Option<i32>,
    },
    /// The worker belongs to a build that uses another version of the protocol.
    #[error(
        "run the {worker}: its build uses {} of the worker protocol, this build uses version \
         {PROTOCOL_VERSION}; choose a build with the same version",
        version_name(version.as_ref())
    )]
    Incompatible {
        /// Name of the worker.
        worker: &'static str,
        /// Version that the worker announced, if any.
        version: Option<u32>,
    },
    /// The process exited without a request.
    #[error("run the {worker}: it exited unexpectedly ({status}){stderr}")]
    Exited {
        /// Name of the worker.
        worker: &'static str,
        /// Name of its signal, or its exit status.
        status: String,
        /// End of its standard error, starting on a new line.
        stderr: String,
    },
    /// The worker did not send a message in time.
    #[error("run the {worker}: no {awaited} within {} s; is the machine overloaded?", waited.as_secs())]
    Timeout {
        /// Name of the worker.
        worker: &'static str,
        /// The message that was awaited.
        awaited: &'static str,
        /// The timeout.
        waited: Duration,
    },
    /// The worker sent a line that is not a message of the protocol.
    #[error("read from the {worker}: invalid message: {reason}: {line}")]
    InvalidMessage {
        /// Name of the worker.
        worker: &'static str,
        /// The problem.
        reason: String,
        /// Start of the line.
        line: String,
    },
}

fn version_name(version: Option<&u32>) -> String {
    version.map_or_else(|| "an earlier version".to_owned(), |version| format!("version {version}"))
}
