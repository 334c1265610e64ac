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

/// Joins the reports of both sides, and takes the probe's timeline from them.
pub(super) fn join(observed: &mut Observed) -> JoinedTrial {
    let sampled = observed
        .probed
        .as_mut()
        .map_or_else(|_| Vec::new(), |probe| std::mem::take(&mut probe.timeline));
    let (server, died, depths) = match &observed.end {
        ServerEnd::Stopped(report) => {
            let accepted = Some(&report.accepted[..]);
            let server = ServerConnections { accepted, died_ns: None, observed: &[] };
            (server, None, &report.depths[..])
        }
        ServerEnd::Died { status, at_ns, accepted } => {
            let server = ServerConnections {
                accepted: accepted.as_deref(),
                died_ns: Some(*at_ns),
                observed: &[],
            };
            (server, Some(status.clone()), &[][..])
        }
    };
    let accepted = server.accepted.map(<[_]>::len);
    let attempts = outcome_join::join(&observed.loaded.report.attempts, server);
    JoinedTrial {
        timeline: queue_timeline::merged(sampled, depths),
        outcomes: attempts.rows.iter().map(|row| row.outcome).collect(),
        attempts,
        accepted,
        died,
        server: observed.after.server.delta(&observed.before.server),
        client: observed.after.client.delta(&observed.before.client),
    }
}
