//! The server's process could not take connections.

use std::collections::BTreeSet;

use run_record::ClosedBecause;
use run_view::TrialView;
use run_view::number::total;

use crate::claim::Claim;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{self, counted, several};

/// The errnos of accept(2) that a limit causes.
const LIMITS: [&str; 4] = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"];

/// Those that a lack of memory causes.
const NO_MEMORY: [&str; 2] = ["ENOBUFS", "ENOMEM"];

/// Which limit of the process, or of the machine, the server met.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: acted,
        claims: &[],
        text: |_, _| Some("The server's process could not take connections.".into()),
    }],
    statements: &[
        Statement {
            needs: |trial| failed(trial, &["EMFILE"]) > 0,
            claims: &[Claim::AcceptFailed("EMFILE")],
            text: |trials, _| {
                let text = format!(
                    "{}: the process had as many open files as RLIMIT_NOFILE allows. The connections \
                     stayed in the accept queue, so a larger backlog only lets more of them wait; {}.",
                    failures(trials, &["EMFILE"]),
                    words::MORE_FILES,
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| failed(trial, &["ENFILE"]) > 0,
            claims: &[Claim::AcceptFailed("ENFILE")],
            text: |trials, _| {
                let text = format!(
                    "{}: all processes of the machine together had as many open files as fs.file-max \
                     allows.",
                    failures(trials, &["ENFILE"]),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| failed(trial, &NO_MEMORY) > 0,
            claims: &[],
            text: |trials, _| {
                let failures = failures(trials, &NO_MEMORY);
                Some(format!("{failures}: the kernel had no memory for a connection.").into())
            },
        },
        Statement {
            needs: |trial| threads_failed(trial) > 0,
            claims: &[Claim::ThreadFailed],
            text: |trials, _| {
                let text = format!(
                    "No thread could be started for {}{}, which the server had accepted and therefore \
                     closed: a limit of tasks was reached (RLIMIT_NPROC, pids.max of the cgroup, \
                     kernel.threads-max), or there was no memory for a stack; raise the limit, or use \
                     smaller stacks (server.thread_stack).",
                    several(trials.sum(threads_failed), "connection"),
                    trials.place(),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| trial.closed(ClosedBecause::MaxClients) > 0,
            claims: &[Claim::Closed(ClosedBecause::MaxClients)],
            text: |full, _| {
                let text = format!(
                    "{} came{} when the server already served as many clients as {} allows: it accepted \
                     and closed them. No queue of the kernel was full for them; raise the limit, or \
                     close connections sooner.",
                    several(
                        full.sum(|trial| trial.closed(ClosedBecause::MaxClients)),
                        "connection"
                    ),
                    full.place(),
                    limits(full)?,
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| trial.closed(ClosedBecause::NoMemory) > 0,
            claims: &[Claim::Closed(ClosedBecause::NoMemory)],
            text: |failed, _| {
                let text = format!(
                    "The server closed {}{}, for whose messages there was no memory: give it more, or \
                     accept smaller messages (server.largest_body).",
                    several(
                        failed.sum(|trial| trial.closed(ClosedBecause::NoMemory)),
                        "connection"
                    ),
                    failed.place(),
                );
                Some(text.into())
            },
        },
    ],
};

/// Whether a limit of the process or of the machine kept the server from taking connections.
pub(super) fn acted(trial: &TrialView<'_>) -> bool {
    let closed = [ClosedBecause::MaxClients, ClosedBecause::NoMemory];
    threads_failed(trial) > 0
        || failed(trial, &LIMITS) > 0
        || closed.iter().any(|&because| trial.closed(because) > 0)
}

/// What allowed no more clients: `server.max_clients (10)`.
fn limits(full: &TrialSet<'_>) -> Option<String> {
    let limits: BTreeSet<_> = full
        .iter()
        .filter_map(|trial| {
            let limit = trial.record.server.as_ref()?.client_limit.as_ref()?;
            Some(format!("{} ({})", limit.limit, counted(limit.clients)))
        })
        .collect();
    words::listed(&limits.into_iter().collect::<Vec<_>>())
}

/// Client threads that could not be started. Older records count them as errors of accept(2),
/// where the server's blocking accept(2) has no EAGAIN of its own.
pub(super) fn threads_failed(trial: &TrialView<'_>) -> u64 {
    let server = trial.record.server.as_ref();
    let failed = server.map_or(0, |server| total(server.thread_errors.values().copied()));
    failed.saturating_add(trial.accept_errors("EAGAIN"))
}

/// How often accept(2) failed with one of these errnos.
fn failed(trial: &TrialView<'_>, errnos: &[&str]) -> u64 {
    total(errnos.iter().map(|errno| trial.accept_errors(errno)))
}

fn failures(trials: &TrialSet<'_>, errnos: &[&str]) -> String {
    format!(
        "accept(2) failed {} with {}{}",
        several(trials.sum(|trial| failed(trial, errnos)), "time"),
        errnos.join(" or "),
        trials.place()
    )
}
