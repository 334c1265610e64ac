//! Third stage: the reports of both sides as one row for each attempt.

use linux_net::CounterDelta;
use run_record::OutcomeCounts;

use super::observe::Observed;
use crate::outcome_join::{self, Joined, ServerConnections};
use crate::server::ServerEnd;

/// Both sides of a trial, joined.
pub(super) struct JoinedTrial {
    /// A row for each attempt, and accepted connections that match none.
    pub(super) attempts: Joined,
    pub(super) outcomes: OutcomeCounts,
    /// Connections that the server accepted; `None` if it died without reporting them.
    pub(super) accepted: Option<usize>,
    /// The signal or exit code of a server that died; `None` if it was stopped.
    pub(super) died: Option<String>,
    /// Changes of the counters of the server's host.
    pub(super) server: CounterDelta,
    /// Changes of the counters of the client's host.
    pub(super) client: CounterDelta,
}

/// Joins the reports of both sides.
pub(super) fn join(observed: &Observed) -> JoinedTrial {
    let (server, died) = match &observed.end {
        ServerEnd::Stopped(report) => {
            let accepted = Some(&report.accepted[..]);
            (ServerConnections { accepted, died_ns: None, observed: &[] }, None)
        }
        ServerEnd::Died { status, at_ns, accepted } => {
            let server = ServerConnections {
                accepted: accepted.as_deref(),
                died_ns: Some(*at_ns),
                observed: &[],
            };
            (server, Some(status.clone()))
        }
    };
    let accepted = server.accepted.map(<[_]>::len);
    let attempts = outcome_join::join(&observed.loaded.report.attempts, server);
    JoinedTrial {
        outcomes: attempts.rows.iter().map(|row| row.outcome).collect(),
        attempts,
        accepted,
        died,
        server: observed.after.server.delta(&observed.before.server),
        client: observed.after.client.delta(&observed.before.client),
    }
}
