//! Connections that TCP_DEFER_ACCEPT delayed.

use std::time::Duration;

use linux_net::Counter;
use queue_model::syn_ack_retry;
use queue_model::timer::TOLERANCE;
use run_view::TrialView;

use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{self, counted, nanoseconds};

const DROPPED: Counter = Counter::TcpDeferAcceptDrop;

/// The longest time from the end of a deferral to accept(2), not counting the timer's
/// lateness.
const MAX_ACCEPT_TIME: Duration = Duration::from_millis(600);

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
                    counted(deferred.server(DROPPED)),
                    deferred.place(),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| deferred(trial) && waited_for_timeout(trial),
            claims: &[Claim::ServerCounted(DROPPED)],
            text: |deferred, _| rounded(deferred),
        },
        Statement {
            needs: |trial| {
                let quiet = trial.server_counted_none(DROPPED);
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
    let rounded = deferred.group_by(requested).into_iter().filter_map(|(requested, trials)| {
        let wait = trials.spread(|trial| waited(trial).map(|ns| ns as f64))?.median;
        let nominal = words::duration(syn_ack_retry::deferral(requested)?);
        Some(format!("{requested}\u{a0}s became {nominal} (measured {})", nanoseconds(wait as u64)))
    });
    let rounded = words::listed(&rounded.collect::<Vec<_>>())?;
    let text = format!(
        "The kernel rounds this time up to the next timeout of the SYN-ACK: of server.defer_accept, \
         {rounded}."
    );
    Some(text.into())
}

fn deferred(trial: &TrialView<'_>) -> bool {
    requested(trial).is_some() && trial.server(DROPPED) > 0
}

/// Whether the median connection waited until its deferral was over, and not for data.
fn waited_for_timeout(trial: &TrialView<'_>) -> bool {
    let deferral = requested(trial).and_then(syn_ack_retry::deferral);
    let wait = waited(trial).map(Duration::from_nanos);
    wait.zip(deferral).is_some_and(|(wait, deferral)| {
        // The wait begins when the client is established, which is after the SYN.
        (deferral.mul_f64(0.9)..deferral.mul_f64(1.0 + 2.0 * TOLERANCE) + MAX_ACCEPT_TIME)
            .contains(&wait)
    })
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
