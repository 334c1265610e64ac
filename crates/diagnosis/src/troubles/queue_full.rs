//! The accept queue is or was full.

use linux_net::Sysctl;
use watch_record::{LimitFrom, TroubleKind};

use super::evidence::{Full, ListenerEvidence};
use super::rule::ListenerRule;
use super::{not_accepting, somaxconn, too_slow};
use crate::known_servers::KnownServer;
use crate::words::{counted, several, short_name};

const SOMAXCONN: Sysctl = Sysctl::Somaxconn;
const ABORT: Sysctl = Sysctl::TcpAbortOnOverflow;

/// When it was full, what was dropped, and what would make room.
pub(super) const RULE: ListenerRule = ListenerRule {
    kind: TroubleKind::QueueFull,
    needs: |evidence| evidence.full().is_some(),
    severity: |evidence| evidence.severity_of_full(),
    text: &[when, dropped_now, dropped_earlier, before_the_watch, consequence],
    advice: &[
        |evidence| {
            let stuck = not_accepting::is_blocked(evidence) || not_accepting::holds(evidence);
            (stuck && evidence.full() == Some(Full::Now))
                .then(|| "A larger backlog would only let more connections wait.".to_owned())
        },
        |evidence| {
            too_slow::holds(evidence).then(|| {
                "A larger backlog helps against bursts; under a steady load it lets more \
                 connections wait, for longer."
                    .to_owned()
            })
        },
        |evidence| {
            let has_cause = not_accepting::is_blocked(evidence)
                || not_accepting::holds(evidence)
                || too_slow::holds(evidence)
                || somaxconn::clamped(evidence).is_some();
            if has_cause { None } else { more_room(evidence) }
        },
        raised_later,
    ],
};

fn when(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let limit = counted(evidence.listener.limit.into());
    let holds = several(evidence.capacity(), "connection");
    let when = match evidence.full()? {
        Full::Now if evidence.listener.depth > evidence.listener.limit => "is full",
        Full::Now => "was full in the last second",
        Full::LastMinute => "was full in the last minute",
        Full::Earlier => "was full earlier, more than a minute ago",
    };
    Some(format!(
        "The accept queue {when}: with its limit of {limit}, min(backlog, {}), it holds {holds}.",
        short_name(SOMAXCONN.name())
    ))
}

fn dropped_now(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let drops = evidence.listener.drops_last_second;
    let segments = several(drops, "segment");
    (drops > 0 && evidence.full() == Some(Full::Now)).then(|| match evidence.overflows() {
        true => format!(
            "The listener dropped {segments} in the last second: while the queue is full, it drops \
             SYNs and the last ACKs of handshakes."
        ),
        false => format!("The listener dropped {segments} in the last second."),
    })
}

fn dropped_earlier(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let drops = evidence.listener.drops_watched;
    let is_now = evidence.full() == Some(Full::Now) && evidence.listener.drops_last_second > 0;
    (drops > 0 && !is_now).then(|| {
        format!("Since the watch began the listener has dropped {}.", several(drops, "segment"))
    })
}

/// What it dropped before the watch began: not known to be for a full queue.
pub(super) fn before_the_watch(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let total = u64::from(evidence.listener.drops_total?);
    let before = total.checked_sub(evidence.listener.drops_watched).filter(|&drops| drops > 0)?;
    Some(format!("Before the watch it had dropped {}.", counted(before)))
}

/// What a client sees of it.
fn consequence(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let drops = evidence.overflows() && evidence.full() == Some(Full::Now);
    let abort = evidence.namespace.sysctls().tcp_abort_on_overflow.filter(|_| drops)?;
    Some(match abort {
        0 => "Such a client gets no answer, and tries again after a second or more.".to_owned(),
        value => format!(
            "A client whose last ACK is dropped gets an RST ({} {value}), one whose SYN is dropped \
             no answer.",
            short_name(ABORT.name())
        ),
    })
}

/// Which limit to raise, in the words of the server if it is known.
fn more_room(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let backlog = backlog(evidence.known_server());
    let somaxconn = evidence.namespace.sysctls().somaxconn.map(u64::from).map(counted);
    Some(match (evidence.listener.limit_from, somaxconn) {
        (LimitFrom::Backlog, Some(value)) => format!(
            "A larger {backlog} gives bursts more room, from the next listen(2) on; {SOMAXCONN} \
             ({value}) allows it."
        ),
        (LimitFrom::Somaxconn, Some(value)) => format!(
            "A larger {SOMAXCONN} ({value}) and a {backlog} at least as large give bursts more \
             room, from the next listen(2) on."
        ),
        (LimitFrom::EarlierSomaxconn, Some(value)) => format!(
            "{SOMAXCONN} was lowered after listen(2), to {value}, which the next listen(2) applies. \
             A larger one and a {backlog} at least as large give bursts more room."
        ),
        _ => format!(
            "A larger {backlog} and a {SOMAXCONN} at least as large give bursts more room, from the \
             next listen(2) on."
        ),
    })
}

/// That somaxconn may have been raised after listen(2): the server's default backlog is larger
/// than the limit, which is not that of somaxconn.
fn raised_later(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let server = evidence.known_server()?;
    let default = server.default_backlog()?;
    let is_smaller = default > evidence.listener.limit;
    (is_smaller && evidence.listener.limit_from == LimitFrom::Backlog).then(|| {
        let reload = server.reload.as_ref().map_or(String::new(), |reload| format!(" {reload}"));
        format!(
            "By default {} passes {}: if no other backlog is configured, {SOMAXCONN} was smaller \
             when it started, and a restart applies the present one.{reload}",
            server.name,
            counted(default.into())
        )
    })
}

/// `backlog (nginx: … )`.
fn backlog(server: Option<&KnownServer>) -> String {
    match server {
        Some(server) => format!("backlog ({}: {})", server.name, server.advice("N")),
        None => "backlog, the argument of listen(2),".to_owned(),
    }
}
