//! Connections that TCP_DEFER_ACCEPT delayed.

use linux_net::Counter;
use queue_model::syn_ack_retry;
use run_view::TrialView;

use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{self, counted, nanoseconds};

const DROPPED: Counter = Counter::TcpDeferAcceptDrop;

/// When deferred connections were accepted, and what accepts them sooner.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: deferred,
        claims: &[Claim::ServerCounted(DROPPED)],
        text: |_, _| {
            Some(
                "TCP_DEFER_ACCEPT delayed accept(2) of connections that were established for their clients."
                    .into(),
            )
        },
    }],
    statements: &[
        Statement {
            needs: deferred,
            claims: &[Claim::ServerCounted(DROPPED)],
            text: |deferred, _| {
                let text = format!(
                    "A listener with this option ignores a handshake's last ACK without data, {} here{} \
                     ({DROPPED}), until data arrives or the time is over.",
                    counted(deferred.sum(|trial| trial.server(DROPPED))),
                    deferred.place(),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| deferred(trial) && waited(trial).is_some(),
            claims: &[Claim::ServerCounted(DROPPED)],
            text: |deferred, _| rounded(deferred),
        },
        Statement {
            needs: |trial| {
                let quiet = trial.has_server_counters() && trial.server(DROPPED) == 0;
                requested(trial).is_none() && quiet && waited(trial).is_some()
            },
            claims: &[Claim::ServerCountedNone(DROPPED)],
            text: |others, _| {
                let spread = others.spread(|trial| waited(trial).map(|ns| ns as f64))?;
                let wait = nanoseconds(spread.median as u64);
                let text = format!(
                    "Without the option a connection waited {wait} for accept(2) (median)."
                );
                Some(text.into())
            },
        },
        Statement {
            needs: deferred,
            claims: &[Claim::ServerCounted(DROPPED)],
            text: |_, _| {
                Some("A client that sends first is accepted at once, with its first data.".into())
            },
        },
    ],
};

/// What the requested times became.
fn rounded(deferred: &TrialSet<'_>) -> Option<Sentence> {
    let came = deferred.group_by(requested).into_iter().filter_map(|(asked, trials)| {
        let wait = trials.spread(|trial| waited(trial).map(|ns| ns as f64))?.median;
        let nominal = words::duration(syn_ack_retry::deferral(asked)?);
        Some(format!("{asked}\u{a0}s became {nominal} (measured {})", nanoseconds(wait as u64)))
    });
    let came = words::listed(&came.collect::<Vec<_>>())?;
    let text = format!(
        "The kernel rounds this time up to the next timeout of the SYN-ACK: of server.defer_accept, \
         {came}."
    );
    Some(text.into())
}

fn deferred(trial: &TrialView<'_>) -> bool {
    requested(trial).is_some() && trial.server(DROPPED) > 0
}

fn requested(trial: &TrialView<'_>) -> Option<u32> {
    let seconds = trial.number("server.defer_accept")?;
    u32::try_from(seconds).ok().filter(|&seconds| seconds > 0)
}

/// The median wait from ESTABLISHED to accept(2).
pub(crate) fn waited(trial: &TrialView<'_>) -> Option<u64> {
    let wait = trial.record.accept_wait;
    (wait.count > 0).then_some(wait.p50_ns)
}
