//! A process has, or nearly has, as many open files as it may.

use watch_record::{Severity, TroubleKind, WatchedProcess};

use super::evidence::ListenerEvidence;
use super::processes::named;
use super::rule::ListenerRule;
use super::stopped;
use crate::words::{self, counted, several};

/// Which process, and how to raise its limit.
pub(super) const RULE: ListenerRule = ListenerRule {
    kind: TroubleKind::FilesNearLimit,
    needs: |evidence| fullest(evidence).is_some(),
    severity: |evidence| match accept_fails(evidence) {
        true => evidence.consequence().max(Severity::Warning),
        false => Severity::Warning,
    },
    text: &[
        |evidence| at_limit(evidence).or_else(|| near_limit(evidence)),
        |evidence| {
            let stays = accept_fails(evidence) && !stopped::all_are_stopped(evidence);
            let waiting = evidence.waiting().filter(|_| stays)?;
            Some(format!("{waiting}: they stay there until a file is closed."))
        },
        close_wait,
    ],
    advice: &[|evidence| {
        let pid = fullest(evidence)?.process.pid;
        let raise = words::sentence(words::MORE_FILES);
        Some(format!(
            "{raise}. `prlimit --pid {pid} --nofile=N` raises it while the process runs, \
             LimitNOFILE= in a systemd unit at its next start."
        ))
    }],
};

/// Open files of a process, and how many it may have.
struct Files<'a> {
    process: &'a WatchedProcess,
    open: u64,
    max: u64,
}

fn files(process: &WatchedProcess) -> Option<Files<'_>> {
    let (open, max) = (process.open_files?, process.max_open_files?);
    // 90 %, of any u64.
    let is_near = u128::from(open) * 10 >= u128::from(max) * 9;
    (max > 0 && is_near).then_some(Files { process, open, max })
}

/// The process with the fewest files left, if one has nearly none.
fn fullest<'a>(evidence: &'a ListenerEvidence<'_>) -> Option<Files<'a>> {
    let near = evidence.processes().iter().filter_map(files);
    near.min_by_key(|files| files.max.saturating_sub(files.open))
}

fn is_at_limit(process: &WatchedProcess) -> bool {
    files(process).is_some_and(|files| files.open >= files.max)
}

/// Whether accept(2) fails with EMFILE in each process that has the socket.
pub(super) fn accept_fails_in_all(evidence: &ListenerEvidence<'_>) -> bool {
    let processes = evidence.processes();
    !processes.is_empty() && processes.iter().all(is_at_limit)
}

/// Whether accept(2) fails with EMFILE in one of them.
fn accept_fails(evidence: &ListenerEvidence<'_>) -> bool {
    evidence.processes().iter().any(is_at_limit)
}

fn at_limit(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let Files { process, open, max } = fullest(evidence).filter(|files| files.open >= files.max)?;
    let processes = evidence.processes();
    let others = processes.iter().filter(|process| is_at_limit(process)).count() as u64;
    let also = match processes.len() as u64 {
        1 => String::new(),
        all => format!(
            " So it is for {} of {} processes that have the socket.",
            counted(others),
            counted(all)
        ),
    };
    Some(format!(
        "{} has {} open files, and its limit is {} (RLIMIT_NOFILE): accept(2) fails with EMFILE.\
         {also}",
        named([process].into_iter()),
        counted(open),
        counted(max)
    ))
}

/// That connections which only the process can close have many of its files.
fn close_wait(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let open = fullest(evidence)?.open;
    let close_wait = evidence.close_wait();
    (close_wait > 0 && close_wait >= open / 2).then(|| {
        format!(
            "{} of this address {} in CLOSE_WAIT: the clients have closed, and the process has not.",
            several(close_wait, "accepted connection"),
            if close_wait == 1 { "is" } else { "are" }
        )
    })
}

fn near_limit(evidence: &ListenerEvidence<'_>) -> Option<String> {
    let Files { process, open, max } = fullest(evidence)?;
    Some(format!(
        "{} has {} of at most {} open files (RLIMIT_NOFILE): at the limit accept(2) fails with \
         EMFILE.",
        named([process].into_iter()),
        counted(open),
        counted(max)
    ))
}
