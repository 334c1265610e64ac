//! Connections are accepted, more slowly than they arrive or long after they have.

use watch_record::TroubleKind;

use super::evidence::{Full, ListenerEvidence};
use super::not_accepting::{self, busy};
use super::processes;
use super::rule::ListenerRule;
use crate::words::{counted, several};

/// A burst fills a queue for a moment: only a queue that is full in most of some seconds shows
/// that accepts do not keep up.
const SECONDS: usize = 5;
const FULL_SECONDS: u64 = 3;

/// The pace, and that the queue stays full or connections wait for long.
pub(super) const RULE: ListenerRule = ListenerRule {
    kind: TroubleKind::AcceptsTooSlowly,
    needs: holds,
    severity: |evidence| evidence.consequence(),
    text: &[
        |evidence| {
            let pace = pace(evidence)?;
            Some(match stays_full(evidence) {
                true => format!(
                    "The accept queue was full in {} of the last {} seconds, although {pace}: \
                     at those times more arrived than were accepted.",
                    counted(evidence.full_seconds(SECONDS)),
                    SECONDS
                ),
                false => format!("{}, although {pace}.", evidence.waiting()?),
            })
        },
        |evidence| {
            evidence.shares_address().then(|| {
                format!(
                    "Those are the accepts of all {} listeners of this address: it is not known \
                     which of them accepts how many.",
                    counted(evidence.listener.sharing_address.into())
                )
            })
        },
        processes::did,
        |evidence| evidence.counted_ago(),
    ],
    advice: &[
        processes::more_cpu,
        busy,
        |evidence| evidence.known_server()?.stops_accepting.clone(),
        |_| {
            Some(
                "More threads or processes that accept, or less work between two calls of \
                 accept(2), would help."
                    .to_owned(),
            )
        },
    ],
};

/// Whether connections are accepted and the queue does not get shorter.
pub(super) fn holds(evidence: &ListenerEvidence<'_>) -> bool {
    let waits_long = evidence.listener.depth > 0 && not_accepting::waits_long(evidence);
    accepted(evidence).is_some()
        && !not_accepting::is_blocked(evidence)
        && (stays_full(evidence) || waits_long)
}

fn stays_full(evidence: &ListenerEvidence<'_>) -> bool {
    evidence.full() == Some(Full::Now) && evidence.full_seconds(SECONDS) >= FULL_SECONDS
}

/// Connections that were seen being accepted, per second, if there were any.
fn accepted(evidence: &ListenerEvidence<'_>) -> Option<f64> {
    let pace = evidence.connections()?.accepted_per_second_at_least?;
    (pace.is_finite() && pace > 0.0).then_some(pace)
}

/// `at least 40 connections a second are accepted`: never more than it is.
fn pace(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let pace = accepted(evidence)?;
    Some(match pace {
        // A cast to u64 takes the largest one for what is above.
        pace if pace >= 1.0 => {
            let whole = pace.floor() as u64;
            let are = if whole == 1 { "is" } else { "are" };
            format!("at least {} a second {are} accepted", several(whole, "connection"))
        }
        _ => "connections are accepted, less than 1 a second seen".to_owned(),
    })
}
