//! Third stage: the reports of both sides as one row for each attempt.

use linux_net::CounterDelta;
use run_record::{OutcomeCounts, TimelineRow};

use super::observe::Observed;
use crate::outcome_join::{self, Joined, ServerConnections};
use crate::queue_timeline;
use crate::server::ServerEnd;

/// Both sides of a trial, joined.
pub(super) struct JoinedTrial {
    /// A row for each attempt, and accepted connections that match none.
    pub(super) attempts: Joined,
    pub(super) outcomes: OutcomeCounts,
    /// Readings of the accept queue by the probe and the server; empty unless recorded.
    pub(super) timeline: Vec<TimelineRow>,
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
    let depths = match &observed.end {
        ServerEnd::Stopped(report) => &report.depths[..],
        ServerEnd::Died { .. } => &[],
    };
    let sampled = observed.probed.as_ref().map_or(&[][..], |probe| &probe.timeline);
    let accepted = server.accepted.map(<[_]>::len);
    let attempts = outcome_join::join(&observed.loaded.report.attempts, server);
    JoinedTrial {
        timeline: queue_timeline::merged(sampled.to_vec(), depths),
        outcomes: attempts.rows.iter().map(|row| row.outcome).collect(),
        attempts,
        accepted,
        died,
        server: observed.after.server.delta(&observed.before.server),
        client: observed.after.client.delta(&observed.before.client),
    }
}
