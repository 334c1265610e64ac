//! Errors of a server.

use std::io;
use std::net::SocketAddr;

use chat_protocol::ProtocolError;
use nix::errno::Errno;

use crate::check::SettingProblem;

/// A server cannot start or go on. Each message fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The largest body does not fit the framing.
    #[error("use these settings: {0}")]
    Protocol(#[from] ProtocolError),
    /// Invalid settings.
    #[error("use these settings: {}", in_one_line(problems))]
    Settings {
        /// All problems.
        problems: Vec<SettingProblem>,
    },
    /// socket(2) or getsockname(2).
    #[error("create a listening socket: {0}")]
    Socket(#[source] io::Error),
    /// setsockopt(2) on the listening socket.
    #[error("{what} on a listening socket: {source}")]
    SocketOption {
        /// The operation.
        what: &'static str,
        /// The error of setsockopt(2).
        source: io::Error,
    },
    /// bind(2).
    #[error("bind {address}: {source}{}", bind_advice(source))]
    Bind {
        /// The configured address.
        address: SocketAddr,
        /// The error of bind(2).
        source: io::Error,
    },
    /// listen(2).
    #[error("listen on {address}: {source}{}", bind_advice(source))]
    Listen {
        /// The address bound.
        address: SocketAddr,
        /// The error of listen(2).
        source: io::Error,
    },
    /// An accept loop's thread.
    #[error("start an accept loop: {0}")]
    Start(#[source] io::Error),
    /// `let_in` without `hold_acks`.
    #[error("let ACKs in: none are held (set hold_acks)")]
    NothingHeld,
    /// `let_in` after a stop.
    #[error("let ACKs in: the server is stopping")]
    Stopping,
    /// listen(2) or setsockopt(2) during `let_in`.
    #[error("let ACKs in: {0}")]
    LetIn(#[source] io::Error),
    /// Signals, standard input or standard output of [`crate::worker::run_worker`].
    #[error("{what}: {source}")]
    Channel {
        /// The operation.
        what: &'static str,
        /// The cause.
        source: io::Error,
    },
}

impl ServerError {
    /// The errno if a system call failed.
    pub fn errno(&self) -> Option<i32> {
        match self {
            ServerError::Protocol(_)
            | ServerError::Settings { .. }
            | ServerError::NothingHeld
            | ServerError::Stopping => None,
            ServerError::Socket(source)
            | ServerError::SocketOption { source, .. }
            | ServerError::Start(source)
            | ServerError::LetIn(source)
            | ServerError::Bind { source, .. }
            | ServerError::Listen { source, .. }
            | ServerError::Channel { source, .. } => source.raw_os_error(),
        }
    }
}

fn in_one_line(problems: &[SettingProblem]) -> String {
    problems.iter().map(SettingProblem::to_string).collect::<Vec<_>>().join("; ")
}

fn bind_advice(error: &io::Error) -> &'static str {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EADDRINUSE) => {
            "; another socket listens there (choose another port), or closed connections are in \
             TIME_WAIT there (set reuse_address, or wait 60 s)"
        }
        Some(Errno::EACCES) => {
            "; choose a port that net.ipv4.ip_unprivileged_port_start allows ordinary users"
        }
        Some(Errno::EADDRNOTAVAIL) => "; choose an address that this host has",
        _ => "",
    }
}
