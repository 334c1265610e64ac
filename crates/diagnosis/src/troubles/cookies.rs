//! SYN cookies are sent.

use linux_net::{Counter, Sysctl};
use queue_model::syn_queue::Cookies;
use watch_record::{Severity, TroubleKind};

use super::evidence::{ListenerEvidence, NamespaceEvidence};
use super::half_open;
use super::rule::{ListenerRule, NamespaceRule};
use crate::words::{counted, several, short_name};

const SENT: Counter = Counter::SyncookiesSent;
const RECEIVED: Counter = Counter::SyncookiesRecv;
const MODE: Sysctl = Sysctl::TcpSyncookies;

/// How many, of the only listener whose SYN queue is full.
pub(super) const RULE: ListenerRule = ListenerRule {
    kind: TroubleKind::CookiesSent,
    needs: holds,
    severity: |_| Severity::Notice,
    text: &[
        |evidence| {
            Some(format!(
                "{}; the kernel answered {} with cookies in the last {} ({SENT}), which leave \
                 nothing in it.",
                half_open::half_open(evidence)?,
                several(evidence.namespace.counted_lately(SENT), "SYN"),
                evidence.namespace.interval(),
            ))
        },
        |_| {
            Some(
                "The counter is that of the namespace, in which no other listener's SYN queue was \
                 full."
                    .to_owned(),
            )
        },
        |evidence| evidence.counted_ago(),
    ],
    advice: &[|_| {
        Some(
            "If these are real clients, a larger min(backlog, somaxconn) stores more of them. A \
             cookie makes no room in the accept queue."
                .to_owned(),
        )
    }],
};

/// Cookies of the namespace that are not known to be of one listener.
pub(super) const OF_NAMESPACE: NamespaceRule = NamespaceRule {
    kind: TroubleKind::CookiesSent,
    needs: |namespace| namespace.counted(SENT) > 0 && !is_of_one_listener(namespace),
    severity: |_| Severity::Notice,
    text: &[
        |namespace| match namespace.counted_lately(SENT) {
            0 => Some(format!(
                "The kernel answered {} with cookies since the watch began ({SENT}), and none in \
                 the last {}.",
                several(namespace.counted(SENT), "SYN"),
                namespace.interval()
            )),
            sent => Some(format!(
                "The kernel answered {} with cookies in the last {} ({SENT}).",
                several(sent, "SYN"),
                namespace.interval()
            )),
        },
        |namespace| match mode(namespace)? {
            Cookies::Always => {
                Some(format!("{} is 2: it answers every SYN with one.", short_name(MODE.name())))
            }
            _ if namespace.counted_lately(SENT) > 0 => Some(half_open::whose(namespace)),
            _ => None,
        },
        |namespace| {
            let received = namespace.counted(RECEIVED);
            Some(format!(
                "Since the watch began, {} brought a valid cookie back ({RECEIVED}), of {} sent.",
                several(received, "ACK"),
                counted(namespace.counted(SENT))
            ))
        },
    ],
    advice: &[],
};

fn mode(namespace: &NamespaceEvidence<'_>) -> Option<Cookies> {
    namespace.sysctls().tcp_syncookies.map(Cookies::from_sysctl)
}

/// Whether cookies are sent because of a full SYN queue, and only one listener has one.
fn is_of_one_listener(namespace: &NamespaceEvidence<'_>) -> bool {
    let is_moving = namespace.counted_lately(SENT) > 0;
    let when_full = mode(namespace) == Some(Cookies::WhenFull);
    is_moving && when_full && half_open::one_is_full(namespace)
}

/// Whether they are of this listener.
pub(super) fn holds(evidence: &ListenerEvidence<'_>) -> bool {
    half_open::half_open(evidence).is_some() && is_of_one_listener(evidence.namespace)
}
