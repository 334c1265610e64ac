//! Clients that the server gave up because they did not go on.

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

/// Which timeout of the server ended them.
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
