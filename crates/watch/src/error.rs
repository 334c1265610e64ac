//! Why a watch cannot begin.

use std::io;

use linux_net::{DiagError, NamespaceError};

/// Why a watch cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The sockets of the namespace cannot be listed.
    #[error(transparent)]
    Diag(#[from] DiagError),
    /// The namespace of the process cannot be used.
    #[error(transparent)]
    Namespace(#[from] NamespaceError),
    /// Its counters cannot be read.
    #[error("read the counters of the network namespace: {0}")]
    Counters(io::Error),
    /// A thread could not be started.
    #[error("start a thread: {0}")]
    Thread(io::Error),
    /// There is no such user.
    #[error(
        "take the rights of user {0}: there is no such user in /etc/passwd; a number works too"
    )]
    NoUser(String),
    /// The rights could not be dropped.
    #[error("take the rights of user {user}: {source}")]
    Rights {
        /// The user.
        user: String,
        /// The error.
        source: io::Error,
    },
}
