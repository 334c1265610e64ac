//! Why a probe could not go on.

use std::io;
use std::time::Duration;

/// Why a probe could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It was asked to look more often than it can.
    #[error("look every {asked:?}: a probe looks every {shortest:?} at most")]
    IntervalTooShort {
        /// What was asked.
        asked: Duration,
        /// The least.
        shortest: Duration,
    },
    /// It was asked to look too seldom.
    #[error("look every {asked:?}: a probe looks every {longest:?} at least")]
    IntervalTooLong {
        /// What was asked.
        asked: Duration,
        /// The most.
        longest: Duration,
    },
    /// It was asked to keep to what is no share.
    #[error("keep to a share of {asked} of one CPU: it must be above 0 and at most 1")]
    CpuShare {
        /// What was asked.
        asked: f64,
    },
    /// The kernel did not list its sockets.
    #[error(transparent)]
    Sockets(#[from] linux_net::DiagError),
    /// The memory of the sockets could not be read.
    #[error("read the memory of TCP sockets: {0}")]
    Memory(#[source] io::Error),
    /// What it says reaches nobody, or nobody can stop it.
    #[error("{what}: {source}")]
    Channel {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        source: io::Error,
    },
}
