//! Connections wait, and none is accepted.

use watch_record::TroubleKind;

use super::evidence::ListenerEvidence;
use super::processes::{self, is_busy, named};
use super::rule::ListenerRule;
use super::{files, stopped};
use crate::words::counted;

/// A connection that waits for less may be taken at any moment, seconds.
pub(super) const LONG_SECONDS: f64 = 1.0;

/// How long they wait, what the processes did, and what that means.
pub(super) const RULE: ListenerRule = ListenerRule {
    kind: TroubleKind::NotAccepting,
    needs: |evidence| holds(evidence) && !is_blocked(evidence),
    severity: |evidence| evidence.consequence(),
    text: &[
        |evidence| {
            Some(format!(
                "{}; none was seen being accepted for about a second or more.",
                evidence.waiting()?
            ))
        },
        processes::did,
        |evidence| {
            let closed = u64::from(evidence.connections()?.close_wait_not_accepted);
            let (are, clients) = match closed {
                1 => ("is", "its client has left, and it keeps its"),
                _ => ("are", "their clients have left, and they keep their"),
            };
            (closed > 0).then(|| {
                format!(
                    "{} of those not accepted {are} in CLOSE_WAIT: {clients} place in the queue.",
                    counted(closed)
                )
            })
        },
        |evidence| evidence.counted_ago(),
    ],
    advice: &[
        processes::implied,
        processes::more_cpu,
        busy,
        |evidence| evidence.known_server()?.stops_accepting.clone(),
        |evidence| {
            let is_hidden = evidence.processes().is_empty();
            (is_hidden && evidence.listener.processes_are_known)
                .then(|| "As root, its process is visible, and what it does.".to_owned())
        },
        |evidence| {
            let pid = evidence.processes().first()?.pid;
            Some(format!(
                "As root, `cat /proc/{pid}/task/*/stack` shows where each of its threads is in the kernel."
            ))
        },
    ],
};

/// Whether accept(2) is known to be impossible, in all processes.
pub(super) fn is_blocked(evidence: &ListenerEvidence<'_>) -> bool {
    stopped::all_are_stopped(evidence) || files::accept_fails_in_all(evidence)
}

/// Whether connections wait for long and none was seen being accepted. Where listeners share
/// the address, it is so for all of them.
pub(super) fn holds(evidence: &ListenerEvidence<'_>) -> bool {
    let none_accepted = evidence
        .connections()
        .is_some_and(|connections| connections.accepted_per_second_at_least == Some(0.0));
    evidence.listener.depth > 0
        && none_accepted
        && waits_long(evidence)
        && evidence.waited_since_counted()
}

/// Whether a connection of the address has waited for long.
pub(super) fn waits_long(evidence: &ListenerEvidence<'_>) -> bool {
    evidence.oldest().is_some_and(|oldest| oldest >= LONG_SECONDS)
}

/// That a process computes instead.
pub(super) fn busy(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let busy = evidence.processes().iter().filter(|process| is_busy(process));
    let first = busy.clone().next()?;
    Some(format!("{} computes: what it does, `perf top -p {}` shows.", named(busy), first.pid))
}
