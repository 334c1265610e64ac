//! Sockets that their clients have closed and the server has not.

use linux_net::Counter;
use run_view::TrialView;

use super::server_limits;
use crate::claim::Claim;
use crate::statement::{Cause, Statement};
use crate::words::several;

/// How many there were, and whose close is missing.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: is_waiting,
        claims: &[Claim::CloseWait],
        text: |_, _| {
            Some("The server did not close connections that its clients had closed.".into())
        },
    }],
    statements: &[
        Statement {
            needs: is_waiting,
            claims: &[Claim::CloseWait],
            text: |waiting, _| {
                let text = format!(
                    "{} of the server's host {} in CLOSE_WAIT after the last client had left{}: the \
                     client has sent its FIN, and only close(2) of the server's process ends them; no timer of \
                     the kernel does.",
                    several(waiting.sum(close_wait), "socket"),
                    if waiting.sum(close_wait) == 1 { "was" } else { "were" },
                    waiting.place(),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| is_waiting(trial) && queued(trial) > 0,
            claims: &[Claim::CloseWait],
            text: |queued_trials, _| {
                let text = format!(
                    "{} then still waited in the accept queue: what accept(2) has not returned, no process \
                     can close.",
                    several(queued_trials.sum(queued), "connection")
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| is_waiting(trial) && queued(trial) == 0 && !server_limits::acted(trial),
            claims: &[Claim::CloseWait, Claim::NoAcceptFailed],
            text: |_, _| {
                Some(
                    "The accept queue was empty by then: the process had accepted them, and a thread that \
                     waits for a lock or in write(2), or a missing close(2), keeps them."
                        .into(),
                )
            },
        },
        Statement {
            needs: |trial| {
                let full = trial.server(Counter::ListenOverflows) > 0;
                is_waiting(trial) && queued(trial) > 0 && full
            },
            claims: &[Claim::CloseWait, Claim::ServerCounted(Counter::ListenOverflows)],
            text: |_, _| {
                Some(
                    "A queued connection whose client has left keeps its place, so it also keeps others out \
                     of a full accept queue."
                        .into(),
                )
            },
        },
    ],
};

fn is_waiting(trial: &TrialView<'_>) -> bool {
    close_wait(trial) > 0
}

fn close_wait(trial: &TrialView<'_>) -> u64 {
    trial.record.evidence.left.map_or(0, |left| left.close_wait.into())
}

fn queued(trial: &TrialView<'_>) -> u64 {
    trial.record.evidence.left.map_or(0, |left| left.queued.into())
}
