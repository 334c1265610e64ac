//! Errors of a server.

use std::io;
use std::net::SocketAddr;

use chat_protocol::ProtocolError;
use worker::SettingProblem;

/// A server cannot start or go on. Each message fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The largest body does not fit the framing.
    #[error("use these settings: {0}")]
    Protocol(#[from] ProtocolError),
    /// Invalid settings.
    #[error("use these settings: {}", SettingProblem::in_one_line(problems))]
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
    #[error("bind {address}: {source}{}", reason(.found.as_deref()))]
    Bind {
        /// The configured address.
        address: SocketAddr,
        /// The error of bind(2).
        source: io::Error,
        /// What was found to cause it, and what helps.
        found: Option<String>,
    },
    /// listen(2).
    #[error("listen on {address}: {source}{}", reason(.found.as_deref()))]
    Listen {
        /// The address bound.
        address: SocketAddr,
        /// The error of listen(2).
        source: io::Error,
        /// What was found to cause it, and what helps.
        found: Option<String>,
    },
    /// The limits of this process or of the machine.
    #[error("serve a client: {limit} leaves no room for one; raise it")]
    NoRoom {
        /// The limit that leaves the least.
        limit: String,
    },
    /// The thread of an accept loop, or what the design needs.
    #[error("start to serve: {0}")]
    Start(#[source] io::Error),
    /// io_uring_setup(2) or io_uring_register(2), which the design needs.
    #[error("set up io_uring: {source}{}", reason(.found.as_deref()))]
    Ring {
        /// The error of the system call.
        source: io::Error,
        /// What is known to cause it, and what helps.
        found: Option<String>,
    },
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
            | ServerError::NoRoom { .. }
            | ServerError::NothingHeld
            | ServerError::Stopping => None,
            ServerError::Socket(source)
            | ServerError::SocketOption { source, .. }
            | ServerError::Start(source)
            | ServerError::LetIn(source)
            | ServerError::Ring { source, .. }
            | ServerError::Bind { source, .. }
            | ServerError::Listen { source, .. }
            | ServerError::Channel { source, .. } => source.raw_os_error(),
        }
    }
}

/// A cause after a semicolon.
fn reason(found: Option<&str>) -> String {
    found.map_or(String::new(), |found| format!("; {found}"))
}
