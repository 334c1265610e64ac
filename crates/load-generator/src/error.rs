//! Why a load cannot run, or cannot go on.

use std::io;
use std::net::SocketAddr;

use nix::errno::Errno;

use crate::setting_problem::SettingProblem;

/// A load that has no result. An attempt that fails is a result, not an error:
/// it has its [`crate::control::Ending`].
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Settings that no load can follow.
    #[error("follow the load's settings: {}", list(.0))]
    Settings(Vec<SettingProblem>),
    /// The limit of open files is too low for the connections asked for; names
    /// the number needed.
    #[error("run so many clients: {0}")]
    OpenFiles(linux_net::OpenFilesError),
    /// The kernel refused something that every load needs.
    #[error("{what}: {source}")]
    Machine {
        /// What was tried.
        what: &'static str,
        /// The system call's error.
        source: io::Error,
    },
    /// A connection failed in a way that no queue explains (no route, a
    /// firewall, no memory): the testbed is broken, and counting the failure
    /// among the outcomes would hide it.
    #[error(
        "{what} {target} with attempt {attempt}: {} ({source}); check the route and the addresses \
         between load and server",
        errno_name(.source)
    )]
    Testbed {
        /// What was tried: `connect to`, `write to`, ...
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
    /// For `map_err` on a system call that the load cannot do without.
    pub(crate) fn machine<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::Machine { what, source: source.into() }
    }
}

/// `ECONNREFUSED` and the like; `no errno` where there is none.
pub(crate) fn errno_name(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(errno) => format!("{:?}", Errno::from_raw(errno)),
        None => "no errno".to_owned(),
    }
}

fn list(problems: &[SettingProblem]) -> String {
    let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
    texts.join("; ")
}
