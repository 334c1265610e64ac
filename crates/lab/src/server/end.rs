//! How the server of a trial ended.

use chat_server::{AcceptedConnection, ServerReport};
use worker::metrics::ProgramReport;

/// How a server ended.
pub(crate) enum ServerEnd {
    /// The chat server was stopped and reported.
    Stopped(Box<ServerReport>),
    /// The chat server exited before it was stopped.
    Died {
        /// The signal that killed it, or its exit code.
        status: String,
        /// CLOCK_MONOTONIC when the exit was noticed, nanoseconds.
        at_ns: u64,
        /// The connections that it had accepted; `None` if it did not announce them.
        accepted: Option<Vec<AcceptedConnection>>,
    },
    /// Another program was stopped, or ended before.
    Program(Box<ProgramReport>),
}

impl ServerEnd {
    /// The report of a chat server that was stopped.
    pub(crate) fn report(&self) -> Option<&ServerReport> {
        match self {
            Self::Stopped(report) => Some(report),
            Self::Died { .. } | Self::Program(_) => None,
        }
    }

    /// The signal or exit code of a server that ended before it was stopped.
    pub(crate) fn died(&self) -> Option<String> {
        match self {
            Self::Stopped(_) => None,
            Self::Died { status, .. } => Some(status.clone()),
            Self::Program(report) => report.end.died_ns.map(|_| {
                let status = report.end.status.as_deref().unwrap_or("an unknown cause");
                match &report.end.killed_because {
                    None => status.to_owned(),
                    Some(why) => format!("{status}: {why}"),
                }
            }),
        }
    }
}
