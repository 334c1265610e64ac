//! Connections were dropped, and what for is not known.

use linux_net::Counter;
use watch_record::{Severity, TroubleKind};

use super::evidence::{Full, ListenerEvidence};
use super::queue_full::before_the_watch;
use super::rule::ListenerRule;
use super::syn_queue;
use crate::words::{counted, several};

const DROPS: Counter = Counter::ListenDrops;
const OVERFLOWS: Counter = Counter::ListenOverflows;
const FULL_DROPS: Counter = Counter::TcpReqQFullDrop;

/// How many, and what the evidence excludes.
pub(super) const RULE: ListenerRule = ListenerRule {
    kind: TroubleKind::Dropped,
    needs: |evidence| now(evidence) || earlier(evidence),
    severity: |evidence| if now(evidence) { Severity::Critical } else { Severity::Notice },
    text: &[
        |evidence| {
            let (drops, when) = match now(evidence) {
                true => (evidence.listener.drops_last_second, "in the last second"),
                false => (evidence.listener.drops_watched, "since the watch began"),
            };
            let peak = evidence.listener.peak_last_minute.seen;
            Some(format!(
                "The listener dropped {} {when}, and what for is not known: in the last minute at \
                 most {} of {} were seen in its accept queue.",
                several(drops, "segment"),
                several(peak.into(), "connection"),
                counted(evidence.capacity()),
            ))
        },
        before_the_watch,
        |evidence| {
            let count = |counter| {
                format!("{counter} {}", counted(evidence.namespace.counted_lately(counter)))
            };
            (now(evidence) && !is_no_listen_drop(evidence) && evidence.namespace.counts()).then(|| {
                format!(
                    "For all listeners of its namespace the kernel counted {}, {} and {} in {}.",
                    count(DROPS),
                    count(OVERFLOWS),
                    count(FULL_DROPS),
                    evidence.namespace.interval()
                )
            })
        },
        |evidence| {
            is_no_listen_drop(evidence).then(|| {
                format!(
                    "{DROPS} has not grown since the watch began, so the drops before the last \
                     second were for no full queue: a filter on the socket, or a full socket \
                     backlog, drops without it."
                )
            })
        },
    ],
    advice: &[],
};

/// Whether it drops now, and neither queue is known to be the reason.
fn now(evidence: &ListenerEvidence<'_>) -> bool {
    evidence.listener.drops_last_second > 0
        && evidence.full() != Some(Full::Now)
        && !syn_queue::explains(evidence)
}

/// Whether it dropped earlier, and its accept queue was never seen full.
fn earlier(evidence: &ListenerEvidence<'_>) -> bool {
    let WatchedDrops { last_second, watched } = drops(evidence);
    last_second == 0 && watched > 0 && evidence.full().is_none()
}

/// Whether drops that happened at least a second ago are not in ListenDrops.
fn is_no_listen_drop(evidence: &ListenerEvidence<'_>) -> bool {
    let WatchedDrops { last_second, watched } = drops(evidence);
    watched > last_second && evidence.namespace.counts() && evidence.namespace.counted(DROPS) == 0
}

struct WatchedDrops {
    last_second: u64,
    watched: u64,
}

fn drops(evidence: &ListenerEvidence<'_>) -> WatchedDrops {
    WatchedDrops {
        last_second: evidence.listener.drops_last_second,
        watched: evidence.listener.drops_watched,
    }
}
