//! Connections that were accepted but not finished, by who ended them.

use std::collections::BTreeSet;

use run_record::{EndedBy, Outcome};
use run_view::TrialView;

use super::server_limits;
use crate::claim::Claim;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{self, counted, sentence, several};

const INCOMPLETE: Claim = Claim::Ended(Outcome::Incomplete);

/// Who ended them. Slow readers and a server that died are separate causes.
pub(super) const CAUSE: Cause = Cause {
    leads: &[
        Statement {
            needs: |trial| is_incomplete(trial) && ended(trial, EndedBy::LateLoad) > 0,
            claims: &[INCOMPLETE, Claim::IncompleteBy(EndedBy::LateLoad)],
            text: |_, _| {
                Some("Some connections did not finish because the load itself was late.".into())
            },
        },
        Statement {
            needs: |trial| is_incomplete(trial) && ended(trial, EndedBy::Server) > 0,
            claims: &[INCOMPLETE, Claim::IncompleteBy(EndedBy::Server)],
            text: |_, _| {
                Some("The server closed some connections before they were finished.".into())
            },
        },
        Statement {
            needs: is_incomplete,
            claims: &[INCOMPLETE],
            text: |_, _| Some("Some connections did not finish.".into()),
        },
    ],
    statements: &[
        Statement {
            needs: |trial| is_incomplete(trial) && ended(trial, EndedBy::Server) > 0,
            claims: &[INCOMPLETE, Claim::IncompleteBy(EndedBy::Server)],
            text: |trials, _| {
                let text = format!(
                    "The server's process closed {}{} before {} written and received everything.",
                    several(sum(trials, EndedBy::Server), "connection"),
                    trials.place(),
                    if sum(trials, EndedBy::Server) == 1 { "it had" } else { "they had" },
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let no_thread = server_limits::threads_failed(trial) > 0;
                is_incomplete(trial) && ended(trial, EndedBy::Server) > 0 && no_thread
            },
            claims: &[Claim::IncompleteBy(EndedBy::Server), Claim::ThreadFailed],
            text: |_, _| Some("It closes a connection for which it can start no thread.".into()),
        },
        Statement {
            needs: |trial| is_incomplete(trial) && ended(trial, EndedBy::LateLoad) > 0,
            claims: &[INCOMPLETE, Claim::IncompleteBy(EndedBy::LateLoad)],
            text: |trials, _| {
                let text = format!(
                    "{}{} waited for messages that were due and that the load had not written at \
                     load.finish_deadline{}, although its sockets had room: this says nothing about the \
                     server; a less busy machine, fewer messages or a longer interval lets the load \
                     keep up.",
                    several(sum(trials, EndedBy::LateLoad), "attempt"),
                    trials.place(),
                    deadlines(trials, "load.finish_deadline"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| is_incomplete(trial) && ended(trial, EndedBy::ShortDeadline) > 0,
            claims: &[INCOMPLETE, Claim::IncompleteBy(EndedBy::ShortDeadline)],
            text: |trials, _| {
                let text = format!(
                    "For {}{} load.finish_deadline{} passed before the last message was due: the schedule \
                     of the load is longer than its deadline.",
                    several(sum(trials, EndedBy::ShortDeadline), "attempt"),
                    trials.place(),
                    deadlines(trials, "load.finish_deadline"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| is_incomplete(trial) && ended(trial, EndedBy::FinishDeadline) > 0,
            claims: &[INCOMPLETE, Claim::IncompleteBy(EndedBy::FinishDeadline)],
            text: |trials, _| {
                let outstanding = match trials.sum(|trial| trial.record.undelivered) {
                    0 => String::new(),
                    count => format!("; outstanding deliveries at that time: {}", counted(count)),
                };
                let text = format!(
                    "{}{} were not done at load.finish_deadline{}, and the load had written all that its \
                     sockets had room for: they waited for the server{outstanding}.",
                    several(sum(trials, EndedBy::FinishDeadline), "attempt"),
                    trials.place(),
                    deadlines(trials, "load.finish_deadline"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let waited = ended(trial, EndedBy::FinishDeadline) > 0;
                is_incomplete(trial) && waited && !server_limits::acted(trial)
            },
            claims: &[Claim::IncompleteBy(EndedBy::FinishDeadline), Claim::NoAcceptFailed],
            text: |_, _| {
                Some(
                    "Neither queue of a listener delays accepted connections: fewer messages, a longer deadline, or a \
                     server that reads and writes faster lets them finish."
                        .into(),
                )
            },
        },
        Statement {
            needs: |trial| is_incomplete(trial) && ended(trial, EndedBy::ConnectDeadline) > 0,
            claims: &[INCOMPLETE, Claim::IncompleteBy(EndedBy::ConnectDeadline)],
            text: |trials, _| {
                let text = format!(
                    "{}{} were given up at load.connect_deadline{} while the server accepted them: it had \
                     the connection before its client knew.",
                    several(sum(trials, EndedBy::ConnectDeadline), "attempt"),
                    trials.place(),
                    deadlines(trials, "load.connect_deadline"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| is_incomplete(trial) && others(trial) > 0,
            claims: &[INCOMPLETE],
            text: |trials, _| {
                let kinds = OTHERS.iter().filter_map(|(by, how)| match sum(trials, *by) {
                    0 => None,
                    n => Some(format!("{} {how}", counted(n))),
                });
                let kinds = words::listed(&kinds.collect::<Vec<_>>())?;
                Some(format!("{}{}.", sentence(&kinds), trials.place()).into())
            },
        },
        Statement {
            needs: |trial| is_incomplete(trial) && trial.record.incomplete_by.is_empty(),
            claims: &[INCOMPLETE, Claim::IncompleteByUnknown],
            text: |trials, _| {
                let text = format!(
                    "{}{} ended as incomplete; this record does not state who ended them.",
                    several(
                        trials.sum(|trial| trial.attempts_with(Outcome::Incomplete)),
                        "attempt"
                    ),
                    trials.place(),
                );
                Some(text.into())
            },
        },
    ],
};

/// Other ends of incomplete attempts.
const OTHERS: [(EndedBy, &str); 4] = [
    (EndedBy::BrokenStream, "read data that was not in the framing of the load"),
    (EndedBy::ClientKernel, "were ended by the client's kernel while the server accepted them"),
    (EndedBy::Stopped, "were ended because the load was stopped"),
    (EndedBy::Reset, "were reset"),
];

fn is_incomplete(trial: &TrialView<'_>) -> bool {
    trial.number("load.slow_readers").unwrap_or(0) == 0
        && trial.record.server_died.is_none()
        && trial.attempts_with(Outcome::Incomplete) > 0
}

/// Incomplete attempts that this ended.
fn ended(trial: &TrialView<'_>, by: EndedBy) -> u64 {
    trial.record.incomplete_by.get(&by).copied().unwrap_or(0)
}

fn others(trial: &TrialView<'_>) -> u64 {
    OTHERS.iter().map(|(by, _)| ended(trial, *by)).sum()
}

fn sum(trials: &TrialSet<'_>, by: EndedBy) -> u64 {
    trials.sum(|trial| ended(trial, by))
}

/// The values of a deadline after a space, in parentheses.
fn deadlines(trials: &TrialSet<'_>, path: &str) -> String {
    let deadlines: BTreeSet<_> = trials.iter().filter_map(|trial| trial.duration(path)).collect();
    let deadlines: Vec<_> = deadlines.into_iter().map(words::duration).collect();
    words::listed(&deadlines).map_or(String::new(), |list| format!(" ({list})"))
}
