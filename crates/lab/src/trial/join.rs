//! Third stage: the reports of both sides as one row for each attempt.

use linux_net::CounterDelta;
use run_record::{DestinationRecord, LedgerEvidence, OutcomeCounts, TimelineRow};

use super::observe::Observed;
use crate::destinations;
use crate::ledger_evidence;
use crate::ledger_join;
use crate::outcome_join::{self, Joined, ServerConnections};
use crate::queue_timeline;
use crate::server::ServerEnd;

/// Both sides of a trial, joined.
pub(super) struct JoinedTrial {
    /// A row for each attempt, and accepted connections that match none.
    pub(super) attempts: Joined,
    pub(super) outcomes: OutcomeCounts,
    /// What happened at each destination; empty if there is only one.
    pub(super) destinations: Vec<DestinationRecord>,
    /// The kernel's ledger of accepts; `None` unless recorded.
    pub(super) ledger: Option<LedgerEvidence>,
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

/// Joins the reports of both sides and what the kernel showed of accepts, and takes the probe's timeline from them.
pub(super) fn join(observed: &mut Observed) -> JoinedTrial {
    let sampled = observed
        .probed
        .as_mut()
        .map_or_else(|_| Vec::new(), |probe| std::mem::take(&mut probe.timeline));
    let load = &observed.loaded.report;
    let ledger = observed.probed.as_ref().ok().and_then(|probe| probe.ledger.as_ref());
    let known = ledger.map(|ledger| ledger_join::join(&load.attempts, ledger));
    let shown = known.as_deref().unwrap_or_default();
    let died = observed.end.died();
    let (server, depths) = match &observed.end {
        ServerEnd::Stopped(report) => {
            let accepted = Some(&report.accepted[..]);
            let server = ServerConnections { accepted, died_ns: None, observed: shown };
            (server, &report.depths[..])
        }
        ServerEnd::Died { at_ns, accepted, .. } => {
            let server = ServerConnections {
                accepted: accepted.as_deref(),
                died_ns: Some(*at_ns),
                observed: shown,
            };
            (server, &[][..])
        }
        ServerEnd::Program(report) => {
            let died_ns = report.end.died_ns;
            (ServerConnections { accepted: None, died_ns, observed: shown }, &[][..])
        }
    };
    let accepted = server.accepted.map(<[_]>::len);
    let attempts = outcome_join::join(&load.attempts, server);
    let ledger = ledger.zip(known).map(|(ledger, known)| {
        let rows = accepted.is_some().then_some(&attempts.rows[..]);
        ledger_evidence::evidence(&load.attempts, ledger, &known, rows)
    });
    let loaded = &observed.loaded;
    let probe = observed.probed.as_ref().ok().map(|probed| &probed.report);
    let destinations = destinations::records(
        &loaded.destinations,
        &loaded.report,
        &attempts.rows,
        &loaded.queues,
        probe,
    );
    JoinedTrial {
        destinations,
        timeline: queue_timeline::merged(sampled, depths),
        outcomes: attempts.rows.iter().map(|row| row.outcome).collect(),
        attempts,
        ledger,
        accepted,
        died,
        server: observed.after.server.delta(&observed.before.server),
        client: observed.after.client.delta(&observed.before.client),
    }
}
