//! Processes of the socket are stopped or frozen.

use watch_record::{ProcessActivity, Severity, TroubleKind, WatchedProcess};

use super::evidence::ListenerEvidence;
use super::processes::named;
use super::rule::ListenerRule;
use crate::words::counted;

/// Which processes, and how to continue them.
pub(super) const RULE: ListenerRule = ListenerRule {
    kind: TroubleKind::Stopped,
    needs: |evidence| stopped(evidence).next().is_some(),
    severity: |evidence| match all_are_stopped(evidence) {
        true => evidence.consequence(),
        false => Severity::Notice,
    },
    text: &[
        which,
        |evidence| {
            let waiting = evidence.waiting().filter(|_| all_are_stopped(evidence))?;
            Some(format!("{waiting}."))
        },
        |evidence| {
            let is_all = all_are_stopped(evidence) && evidence.listener.depth > 0;
            evidence.counted_ago().filter(|_| is_all && evidence.oldest().is_some())
        },
    ],
    advice: &[
        |evidence| {
            let pids = stopped(evidence).filter(|process| !is_frozen(process));
            let pids: Vec<_> = pids.take(8).map(|process| process.pid.to_string()).collect();
            (!pids.is_empty()).then(|| {
                format!(
                    "`kill -CONT {}` continues what a signal has stopped; a debugger has to \
                     continue it itself.",
                    pids.join(" ")
                )
            })
        },
        |evidence| {
            stopped(evidence).any(is_frozen).then(|| {
                "0 in cgroup.freeze of its cgroup thaws it; a paused container, `docker unpause`.".to_owned()
            })
        },
    ],
};

fn is_stopped(process: &WatchedProcess) -> bool {
    process.activity.as_ref().is_some_and(ProcessActivity::is_stopped)
}

fn is_frozen(process: &WatchedProcess) -> bool {
    process.activity.as_ref().is_some_and(|activity| activity.frozen)
}

fn stopped<'a>(
    evidence: &'a ListenerEvidence<'_>,
) -> impl Iterator<Item = &'a WatchedProcess> + Clone {
    evidence.processes().iter().filter(|process| is_stopped(process))
}

/// Whether all processes of the socket that are visible are stopped or frozen, and there are
/// any.
pub(super) fn all_are_stopped(evidence: &ListenerEvidence<'_>) -> bool {
    let processes = evidence.processes();
    !processes.is_empty() && processes.iter().all(is_stopped)
}

fn which(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let count = stopped(evidence).count() as u64;
    let all = evidence.processes().len() as u64;
    let are = if count == 1 { "is" } else { "are" };
    let how = match stopped(evidence).filter(|process| is_frozen(process)).count() as u64 {
        0 => format!("{are} stopped, by a signal (SIGSTOP, SIGTSTP) or a debugger"),
        frozen if frozen == count => {
            format!("{are} frozen by {} cgroup", if count == 1 { "its" } else { "their" })
        }
        frozen => format!("{are} stopped, of which {} by their cgroup", counted(frozen)),
    };
    let names = named(stopped(evidence));
    Some(match (count, all) {
        (1, 1) => format!("{names} {how}."),
        (count, all) if count == all => {
            format!("All {} visible processes that have the socket {how}: {names}.", counted(all))
        }
        (count, all) => format!(
            "{} of {} visible processes that have the socket {how}: {names}. The others can accept.",
            counted(count),
            counted(all)
        ),
    })
}
