//! The server's process could not take connections.

use run_view::TrialView;

use crate::claim::Claim;
use crate::statement::{Cause, Statement};
use crate::words::several;

/// The errnos of accept(2) that a limit causes.
const LIMITS: [&str; 4] = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"];

/// Which limit of the process, or of the machine, the server met.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: acted,
        claims: &[],
        text: |_, _| Some("The server's process could not take connections.".into()),
    }],
    statements: &[
        Statement {
            needs: |trial| trial.accept_errors("EMFILE") > 0,
            claims: &[Claim::AcceptFailed("EMFILE")],
            text: |failed, _| {
                let text = format!(
                    "accept(2) failed {} with EMFILE{}: the process had as many open files as \
                     RLIMIT_NOFILE allows. The connections stayed in the accept queue, so a larger \
                     backlog only lets more of them wait; raise the limit (`ulimit -n`), or close \
                     connections sooner.",
                    several(failed.sum(|trial| trial.accept_errors("EMFILE")), "time"),
                    failed.place(),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| trial.accept_errors("ENFILE") > 0,
            claims: &[Claim::AcceptFailed("ENFILE")],
            text: |failed, _| {
                let text = format!(
                    "accept(2) failed {} with ENFILE{}: all processes of the machine together had as \
                     many open files as fs.file-max allows.",
                    several(failed.sum(|trial| trial.accept_errors("ENFILE")), "time"),
                    failed.place(),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| no_memory(trial) > 0,
            claims: &[],
            text: |failed, _| {
                let text = format!(
                    "The kernel had no memory for {}{} (ENOBUFS or ENOMEM).",
                    several(failed.sum(no_memory), "connection"),
                    failed.place(),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| threads_failed(trial) > 0,
            claims: &[Claim::ThreadFailed],
            text: |failed, _| {
                let text = format!(
                    "No thread could be started for {}{}, which the server had accepted and therefore \
                     closed: a limit of tasks was reached (RLIMIT_NPROC, pids.max of the cgroup, \
                     kernel.threads-max), or there was no memory for a stack; raise the limit, or use \
                     smaller stacks (server.thread_stack).",
                    several(failed.sum(threads_failed), "connection"),
                    failed.place(),
                );
                Some(text.into())
            },
        },
    ],
};

/// Whether a limit of the process or of the machine kept the server from taking connections.
pub(super) fn acted(trial: &TrialView<'_>) -> bool {
    threads_failed(trial) > 0 || LIMITS.iter().any(|errno| trial.accept_errors(errno) > 0)
}

/// Client threads that could not be started. Older records count them as errors of accept(2),
/// where the server's blocking accept(2) has no EAGAIN of its own.
pub(super) fn threads_failed(trial: &TrialView<'_>) -> u64 {
    let server = trial.record.server.as_ref();
    let failed: u64 = server.map_or(0, |server| server.thread_errors.values().sum());
    failed.saturating_add(trial.accept_errors("EAGAIN"))
}

fn no_memory(trial: &TrialView<'_>) -> u64 {
    trial.accept_errors("ENOBUFS") + trial.accept_errors("ENOMEM")
}
