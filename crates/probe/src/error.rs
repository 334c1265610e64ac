//! Errors of a probe.

use std::io;
use std::time::Duration;

/// A probe cannot start or continue. Each message fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The interval is shorter than the probe supports.
    #[error("sample every {configured:?}: the shortest interval is {shortest:?}")]
    IntervalTooShort {
        /// The configured value.
        configured: Duration,
        /// The minimum.
        shortest: Duration,
    },
    /// The interval is longer than the probe supports.
    #[error("sample every {configured:?}: the longest interval is {longest:?}")]
    IntervalTooLong {
        /// The configured value.
        configured: Duration,
        /// The maximum.
        longest: Duration,
    },
    /// The share of CPU time is out of range.
    #[error("use a share of {configured} of one CPU: it must be above 0 and at most 1")]
    CpuShare {
        /// The configured value.
        configured: f64,
    },
    /// The kernel did not list its sockets.
    #[error(transparent)]
    Sockets(#[from] linux_net::DiagError),
    /// The memory of the sockets could not be read.
    #[error("read the memory of TCP sockets: {0}")]
    Memory(#[source] io::Error),
    /// The count of established connections could not be read.
    #[error("count the connections that the host's listeners have established: {0}")]
    PassiveOpens(#[source] io::Error),
    /// Signals, standard input or standard output.
    #[error("{what}: {source}")]
    Channel {
        /// The operation.
        what: &'static str,
        /// The cause.
        source: io::Error,
    },
}
