//! Clients that the server gave up because they did not go on, and messages that it gave up.

use std::collections::BTreeSet;

use run_record::ClosedBecause;
use run_view::TrialView;

use crate::claim::Claim;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{self, nanoseconds, sentence, several};

const FRAME: ClosedBecause = ClosedBecause::FrameTimeout;
const IDLE: ClosedBecause = ClosedBecause::IdleTimeout;
const WRITE: ClosedBecause = ClosedBecause::WriteTimeout;
const QUEUE: ClosedBecause = ClosedBecause::QueueFull;

/// Which timeout or queue of the server ended them.
pub(super) const CAUSE: Cause = Cause {
    leads: &[
        Statement {
            needs: |trial| trial.closed(WRITE) > 0,
            claims: &[Claim::Closed(WRITE)],
            text: |_, _| Some("The server gave up clients that did not read.".into()),
        },
        Statement {
            needs: |trial| trial.closed(FRAME) > 0,
            claims: &[Claim::Closed(FRAME)],
            text: |_, _| Some("The server gave up clients that did not complete a message.".into()),
        },
        Statement {
            needs: |trial| trial.closed(IDLE) > 0,
            claims: &[Claim::Closed(IDLE)],
            text: |_, _| Some("The server gave up clients that were silent.".into()),
        },
        Statement {
            needs: |trial| trial.closed(QUEUE) > 0,
            claims: &[Claim::Closed(QUEUE)],
            text: |_, _| Some("The server gave up clients whose queue was full.".into()),
        },
        Statement {
            needs: |trial| trial.dropped() > 0,
            claims: &[Claim::Dropped],
            text: |_, _| {
                Some("The server dropped messages for clients whose queue was full.".into())
            },
        },
    ],
    statements: &[
        Statement {
            needs: |trial| trial.closed(WRITE) > 0,
            claims: &[Claim::Closed(WRITE)],
            text: |closed, _| {
                let longest = closed.iter().filter_map(|trial| longest_wait(trial)).max()?;
                let text = format!(
                    "Writes to {}{} waited for up to {}, then it closed them: they took too little for \
                     server.write_timeout{}. Until then the threads that wrote to them, and so the \
                     clients that had sent the messages, were stopped; a shorter timeout stops them for \
                     less.",
                    several(closed.sum(|trial| trial.closed(WRITE)), "client"),
                    closed.place(),
                    nanoseconds(longest),
                    values(closed, "server.write_timeout"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| trial.closed(FRAME) > 0,
            claims: &[Claim::Closed(FRAME)],
            text: |closed, _| {
                let text = format!(
                    "{}{} began a message and did not complete it within server.frame_timeout{}.",
                    sentence(&several(closed.sum(|trial| trial.closed(FRAME)), "client")),
                    closed.place(),
                    values(closed, "server.frame_timeout"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| trial.closed(IDLE) > 0,
            claims: &[Claim::Closed(IDLE)],
            text: |closed, _| {
                let text = format!(
                    "{}{} neither sent nor were sent a byte for server.idle_timeout{}; a longer timeout \
                     keeps them.",
                    sentence(&several(closed.sum(|trial| trial.closed(IDLE)), "client")),
                    closed.place(),
                    values(closed, "server.idle_timeout"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| trial.closed(QUEUE) > 0,
            claims: &[Claim::Closed(QUEUE)],
            text: |closed, _| {
                let text = format!(
                    "For {}{} more than server.client_queue of messages waited, and it closed them \
                     (server.when_full: close_client): they read more slowly than messages came. A \
                     larger queue keeps those that catch up; hold_sender makes the senders wait \
                     instead.",
                    several(closed.sum(|trial| trial.closed(QUEUE)), "client"),
                    closed.place(),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| trial.dropped() > 0,
            claims: &[Claim::Dropped],
            text: |dropped, _| {
                let text = format!(
                    "It did not write {}{} to a client, because server.client_queue was full for that \
                     client (server.when_full: drop_message): those clients miss them, and one that \
                     misses the last message of a sender does not finish. They are not lost on \
                     the way.",
                    several(dropped.sum(TrialView::dropped), "message"),
                    dropped.place(),
                );
                Some(text.into())
            },
        },
    ],
};

fn longest_wait(trial: &TrialView<'_>) -> Option<u64> {
    Some(trial.record.server.as_ref()?.write_wait.max_ns)
}

/// The values of a timeout after a space, in parentheses.
fn values(trials: &TrialSet<'_>, path: &str) -> String {
    let values: BTreeSet<_> = trials.iter().filter_map(|trial| trial.duration(path)).collect();
    let values: Vec<_> = values.into_iter().map(words::duration).collect();
    words::listed(&values).map_or(String::new(), |list| format!(" ({list})"))
}
