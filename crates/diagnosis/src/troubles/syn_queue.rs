//! The SYN queue is full.

use linux_net::{Counter, Sysctl};
use queue_model::syn_queue::Cookies;
use watch_record::{Severity, TroubleKind};

use super::cookies;
use super::evidence::{Full, ListenerEvidence, NamespaceEvidence};
use super::half_open::{self, half_open};
use super::rule::{ListenerRule, NamespaceRule};
use crate::words::{counted, several, short_name};

const MAX_SYN_BACKLOG: Sysctl = Sysctl::TcpMaxSynBacklog;
const COOKIES: Sysctl = Sysctl::TcpSyncookies;
const FULL_DROPS: Counter = Counter::TcpReqQFullDrop;

/// How many it holds, which setting decides, and what it drops.
pub(super) const RULE: ListenerRule = ListenerRule {
    kind: TroubleKind::SynQueueFull,
    needs: |evidence| {
        (half_open(evidence).is_some() || drops_for_it(evidence)) && !cookies::holds(evidence)
    },
    severity: |evidence| {
        let drops = evidence.listener.drops_last_second > 0 && evidence.full() != Some(Full::Now);
        match never_cookies(evidence) {
            true if drops => Severity::Critical,
            true => Severity::Warning,
            false => Severity::Notice,
        }
    },
    text: &[
        |evidence| {
            drops_for_it(evidence).then(|| {
                format!(
                    "The listener dropped {} in the last second; all drops of the listeners of its \
                     namespace, {} in {}, were SYNs that found a SYN queue full ({FULL_DROPS}).",
                    several(evidence.listener.drops_last_second, "segment"),
                    counted(evidence.namespace.counted_lately(FULL_DROPS)),
                    evidence.namespace.interval()
                )
            })
        },
        |evidence| Some(format!("{}.", half_open(evidence)?)),
        |evidence| {
            let drops = evidence.listener.drops_last_second;
            let may_be_for_it = drops > 0
                && never_cookies(evidence)
                && half_open(evidence).is_some()
                && !drops_for_it(evidence)
                && evidence.full() != Some(Full::Now);
            may_be_for_it.then(|| {
                format!(
                    "The listener dropped {} in the last second; its namespace counted {} for full \
                     SYN queues in {} ({FULL_DROPS}).",
                    several(drops, "segment"),
                    several(evidence.namespace.counted_lately(FULL_DROPS), "drop"),
                    evidence.namespace.interval()
                )
            })
        },
        |evidence| {
            let mode = evidence.namespace.sysctls().tcp_syncookies?;
            (half_open(evidence).is_some() && Cookies::from_sysctl(mode) == Cookies::WhenFull).then(
                || {
                    format!(
                        "A further SYN is answered with a cookie ({} {mode}), and not dropped for \
                         it.",
                        short_name(COOKIES.name())
                    )
                },
            )
        },
        |evidence| {
            (half_open(evidence).is_some() && evidence.full() == Some(Full::Now)).then(|| {
                "While the accept queue is full, the kernel ignores the last ACKs of handshakes, \
                 so their connections stay half-open."
                    .to_owned()
            })
        },
        |evidence| evidence.counted_ago().filter(|_| half_open(evidence).is_some()),
    ],
    advice: &[|evidence| {
        let queue = half_open::queue(evidence.listener, evidence.namespace.sysctls());
        never_cookies(evidence).then(|| {
            let raise = match queue.map(half_open::is_by_max_syn_backlog) {
                Some(true) => MAX_SYN_BACKLOG.to_string(),
                Some(false) => "min(backlog, somaxconn)".to_owned(),
                None => format!("min(backlog, somaxconn) or {MAX_SYN_BACKLOG}"),
            };
            format!("Raising {raise} makes room for more, and {COOKIES}=1 answers SYNs without it.")
        })
    }],
};

/// Drops in the namespace that are not known to be of one listener.
pub(super) const OF_NAMESPACE: NamespaceRule = NamespaceRule {
    kind: TroubleKind::SynQueueFull,
    needs: |namespace| {
        namespace.counted(FULL_DROPS) > 0
            && !namespace.dropped_only_for_syn_queues()
            && !is_said_of_a_listener(namespace)
    },
    severity: |namespace| match namespace.counted_lately(FULL_DROPS) {
        0 => Severity::Notice,
        _ => Severity::Critical,
    },
    text: &[|namespace| match namespace.counted_lately(FULL_DROPS) {
        0 => Some(format!(
            "Full SYN queues dropped {} of this namespace since the watch began ({FULL_DROPS}), and \
             none in the last {}.",
            several(namespace.counted(FULL_DROPS), "SYN"),
            namespace.interval()
        )),
        drops => Some(format!(
            "Full SYN queues dropped {} of this namespace in the last {} ({FULL_DROPS}). {}",
            several(drops, "SYN"),
            namespace.interval(),
            half_open::whose(namespace)
        )),
    }],
    advice: &[|namespace| {
        let mode = namespace.sysctls().tcp_syncookies?;
        (Cookies::from_sysctl(mode) == Cookies::Never)
            .then(|| format!("With {COOKIES}=1 a SYN is answered when its SYN queue is full."))
    }],
};

/// Whether a full SYN queue is known to be, or can be, why the listener drops.
pub(super) fn explains(evidence: &ListenerEvidence<'_>) -> bool {
    drops_for_it(evidence) || (never_cookies(evidence) && half_open(evidence).is_some())
}

fn never_cookies(evidence: &ListenerEvidence<'_>) -> bool {
    let mode = evidence.namespace.sysctls().tcp_syncookies;
    mode.map(Cookies::from_sysctl) == Some(Cookies::Never)
}

/// Whether the sentence of a listener says what its namespace drops now: no other one's SYN
/// queue is full.
fn is_said_of_a_listener(namespace: &NamespaceEvidence<'_>) -> bool {
    let mut full = half_open::full_listeners(namespace);
    let one = full.next().is_some_and(|listener| listener.drops_last_second > 0);
    one && full.next().is_none() && namespace.counted_lately(FULL_DROPS) > 0
}

/// Whether all drops of the namespace, and so of this listener, are for a full SYN queue.
fn drops_for_it(evidence: &ListenerEvidence<'_>) -> bool {
    let drops = evidence.listener.drops_last_second > 0 && evidence.full() != Some(Full::Now);
    never_cookies(evidence) && drops && evidence.namespace.dropped_only_for_syn_queues()
}
