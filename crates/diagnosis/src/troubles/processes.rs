//! What the processes of a listener are called, and what they did at the last look.

use run_view::number::percent;
use watch_record::{ProcessActivity, WatchedProcess};

use super::evidence::ListenerEvidence;
use super::waits;
use crate::words::{self, counted, seconds};

/// PIDs, groups of processes and functions that a sentence names; it counts the others.
const MAX_NAMED: usize = 3;

/// A share of a CPU, or of the time without one, from which on it is nearly all.
const NEARLY_ALL: f64 = 0.9;

/// Processes by name: `nginx (PIDs 11, 12 and 13) and redis (PID 14)`.
pub(super) fn named<'a>(processes: impl Iterator<Item = &'a WatchedProcess>) -> String {
    let mut groups: Vec<(&str, Vec<u32>)> = Vec::new();
    for process in processes {
        match groups.iter_mut().find(|(name, _)| *name == process.name) {
            Some((_, pids)) => pids.push(process.pid),
            None => groups.push((&process.name, vec![process.pid])),
        }
    }
    let group = |(name, pids): &(&str, Vec<u32>)| {
        let one = if pids.len() == 1 { "PID" } else { "PIDs" };
        format!("{name} ({one} {})", first_of(pids.iter().map(u32::to_string)))
    };
    first_of(groups.iter().map(group))
}

/// The first of some texts, and how many more there are.
fn first_of(texts: impl Iterator<Item = String>) -> String {
    let mut texts: Vec<_> = texts.collect();
    if texts.len() > MAX_NAMED {
        let others = texts.split_off(MAX_NAMED).len();
        texts.push(format!("{} more", counted(others as u64)));
    }
    words::listed(&texts).unwrap_or_default()
}

/// What the processes did at the last look, or that it is not visible.
pub(super) fn did(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let processes = evidence.processes();
    if processes.is_empty() {
        return evidence
            .listener
            .processes_are_known
            .then(|| "No process that has the socket is visible to this user.".to_owned());
    }
    let mut groups: Vec<(String, Vec<&WatchedProcess>)> = Vec::new();
    let seen = processes.iter().filter_map(|process| Some((activity(process)?, process)));
    for (activity, process) in seen {
        match groups.iter_mut().find(|(other, _)| *other == activity) {
            Some((_, of_it)) => of_it.push(process),
            None => groups.push((activity, vec![process])),
        }
    }
    if groups.is_empty() {
        let all = named(processes.iter());
        return Some(format!("What {all} did is not visible to this user."));
    }
    let group = |(activity, of_it): &(String, Vec<_>)| {
        format!("{} {activity}", named(of_it.iter().copied()))
    };
    Some(format!("At the last look {}.", first_of(groups.iter().map(group))))
}

/// What a process did, in the past: `slept in do_epoll_wait (for events, epoll_wait(2))`.
fn activity(process: &WatchedProcess) -> Option<String> {
    if has_no_cpu(process) {
        let share = process.run_delay_share?;
        let one_thread = process.activity.as_ref().is_some_and(|activity| activity.threads == 1);
        return Some(match one_thread {
            true => {
                let share = percent(share.min(1.0));
                format!("was ready to run and had no CPU for {share}\u{a0}% of the time")
            }
            false => {
                let waited = seconds(share);
                format!("had threads that waited for a CPU, in each second {waited} together")
            }
        });
    }
    let activity = process.activity.as_ref()?;
    let ProcessActivity { stopped, running, uninterruptible, frozen, .. } = *activity;
    let threads = activity.threads + activity.other_threads;
    let some = |count: u32, what: &str| match (count, threads) {
        (1, 1) => what.to_owned(),
        _ => format!("{what} in {} of {} threads", counted(count.into()), counted(threads.into())),
    };
    Some(match process.cpu_share.filter(|_| is_busy(process)) {
        _ if frozen => "was frozen by its cgroup".to_owned(),
        _ if activity.is_stopped() => "was stopped".to_owned(),
        Some(share) => format!("used {}\u{a0}% of a CPU", percent(share)),
        None if running > 0 => some(running, "ran"),
        None if uninterruptible > 0 => {
            let waits = some(uninterruptible, "waited for a disk or the like (state D)");
            format!("{waits}{}", places(activity))
        }
        None if stopped > 0 => some(stopped, "was stopped"),
        None => format!("slept{}", places(activity)),
    })
}

/// Where threads waited.
fn places(activity: &ProcessActivity) -> String {
    let functions = activity.waits_in.iter().map(|function| waits::described(function));
    let functions = first_of(functions);
    if functions.is_empty() { functions } else { format!(" in {functions}") }
}

/// Whether its threads could have run for nearly all of the time, and had no CPU.
pub(super) fn has_no_cpu(process: &WatchedProcess) -> bool {
    process.run_delay_share.is_some_and(|share| share.is_finite() && share >= NEARLY_ALL)
}

/// Whether it uses nearly all of a CPU.
pub(super) fn is_busy(process: &WatchedProcess) -> bool {
    process.cpu_share.is_some_and(|share| share.is_finite() && share >= NEARLY_ALL)
}

/// What follows from where the threads wait, if all of them wait in the same function and no
/// process did anything else.
pub(super) fn implied(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let place = |process: &WatchedProcess| {
        let activity = process.activity.as_ref()?;
        let waits = activity.threads > 0
            && activity.other_threads == 0
            && activity.sleeping + activity.uninterruptible == activity.threads
            && !activity.frozen
            && !has_no_cpu(process)
            && !is_busy(process);
        match activity.waits_in.as_slice() {
            [only] if waits => waits::wait(only).map(|wait| wait.implies),
            _ => None,
        }
    };
    let mut places = evidence.processes().iter().map(place);
    let first = places.next()??;
    places.all(|other| other == Some(first)).then(|| first.to_owned())
}

/// How to give the processes CPU time, if it is that what they lack.
pub(super) fn more_cpu(evidence: &ListenerEvidence<'_>) -> Option<String> {
    evidence.processes().iter().any(has_no_cpu).then(|| {
        "It needs CPU time: fewer busy processes beside it, or a higher limit of its cgroup \
         (cpu.max, cpu.weight)."
            .to_owned()
    })
}
