//! Why a server cannot start or go on.

use std::io;
use std::net::SocketAddr;

use chat_protocol::ProtocolError;
use nix::errno::Errno;

/// Why a server cannot start or go on; each fits "failed to ...".
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The largest body does not fit the framing.
    #[error("use these settings: {0}")]
    Protocol(#[from] ProtocolError),
    /// A stack below PTHREAD_STACK_MIN.
    #[error("use these settings: thread stack {asked} is too small: choose at least 16384 bytes")]
    ThreadStack {
        /// What was asked for, bytes.
        asked: u64,
    },
    /// socket(2) or setsockopt(2).
    #[error("make a listening socket: {0}")]
    Socket(#[source] io::Error),
    /// bind(2).
    #[error("bind {address}: {source}{}", bind_advice(source))]
    Bind {
        /// The address asked for.
        address: SocketAddr,
        /// What bind(2) said.
        source: io::Error,
    },
    /// listen(2).
    #[error("listen on {address}: {source}{}", bind_advice(source))]
    Listen {
        /// The address bound.
        address: SocketAddr,
        /// What listen(2) said.
        source: io::Error,
    },
    /// The accept loop's thread.
    #[error("start the accept loop: {0}")]
    Start(#[source] io::Error),
    /// Signals, standard input or standard output of [`crate::serve_part`].
    #[error("{what}: {source}")]
    Channel {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl ServerError {
    /// The errno, where a system call failed.
    pub fn errno(&self) -> Option<i32> {
        match self {
            ServerError::Protocol(_) | ServerError::ThreadStack { .. } => None,
            ServerError::Socket(source)
            | ServerError::Start(source)
            | ServerError::Bind { source, .. }
            | ServerError::Listen { source, .. }
            | ServerError::Channel { source, .. } => source.raw_os_error(),
        }
    }
}

fn bind_advice(error: &io::Error) -> &'static str {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EADDRINUSE) => {
            "; another socket listens there (choose another port), or closed connections are in \
             TIME_WAIT there (set reuse_address, or wait 60 s)"
        }
        Some(Errno::EACCES) => {
            "; choose a port that net.ipv4.ip_unprivileged_port_start leaves to ordinary users"
        }
        Some(Errno::EADDRNOTAVAIL) => "; choose an address that this host has",
        _ => "",
    }
}
