//! Errors of a load.

use std::io;
use std::net::SocketAddr;

use nix::errno::Errno;
use worker::SettingProblem;

/// A load that has no result. An attempt that fails is a result, not an error:
/// it has its [`crate::control::Ending`].
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Invalid settings.
    #[error("use the load's settings: {}", SettingProblem::in_one_line(.0))]
    Settings(Vec<SettingProblem>),
    /// The limit of open files is too low for the number of clients; names the number
    /// needed.
    #[error("run so many clients: {0}")]
    OpenFiles(linux_net::OpenFilesError),
    /// A system call that every load needs failed.
    #[error("{what}: {source}")]
    System {
        /// What was attempted.
        what: &'static str,
        /// The system call's error.
        source: io::Error,
    },
    /// A connection failed in a way that no queue explains (no route, a firewall, no
    /// memory): the testbed is broken, and an outcome would hide that.
    #[error(
        "{what} {target} with attempt {attempt}: {} ({source}); check the route and the addresses \
         between load and server",
        errno_name(.source)
    )]
    Testbed {
        /// What was attempted: `connect to`, `write to`, ...
        what: &'static str,
        /// The server's address.
        target: SocketAddr,
        /// The attempt's index.
        attempt: u32,
        /// The system call's error.
        source: io::Error,
    },
}

impl LoadError {
    /// For `map_err` on a system call that every load needs.
    pub(crate) fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::System { what, source: source.into() }
    }
}

/// The name of the errno, such as `ECONNREFUSED`; `no errno` if there is none.
pub(crate) fn errno_name(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(errno) => format!("{:?}", Errno::from_raw(errno)),
        None => "no errno".to_owned(),
    }
}
