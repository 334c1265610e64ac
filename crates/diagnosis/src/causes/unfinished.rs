//! Connections that were accepted but not finished, by who ended them.

use run_record::{EndedBy, Outcome};
use run_view::TrialView;

use super::{server_limits, slow_reader};
use crate::claim::Claim;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{self, counted, sentence, several};

const INCOMPLETE: Claim = Claim::Ended(Outcome::Incomplete);

/// Who ended them. Slow readers and a server that died are separate causes.
pub(super) const CAUSE: Cause = Cause {
    leads: &[
        Statement {
            needs: |trial| ended_by(trial, EndedBy::LateLoad),
            claims: &[INCOMPLETE, Claim::IncompleteBy(EndedBy::LateLoad)],
            text: |_, _| {
                Some("Some connections did not finish because the load itself was late.".into())
            },
        },
        Statement {
            needs: |trial| ended_by(trial, EndedBy::Server),
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
            needs: |trial| ended_by(trial, EndedBy::Server),
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
                ended_by(trial, EndedBy::Server) && server_limits::threads_failed(trial) > 0
            },
            claims: &[Claim::IncompleteBy(EndedBy::Server), Claim::ThreadFailed],
            text: |_, _| Some("It closes a connection for which it can start no thread.".into()),
        },
        Statement {
            needs: |trial| ended_by(trial, EndedBy::LateLoad),
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
            needs: |trial| ended_by(trial, EndedBy::ShortDeadline),
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
            needs: |trial| ended_by(trial, EndedBy::FinishDeadline),
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
                let no_limit = !server_limits::acted(trial) && !slow_reader::is_slow(trial);
                ended_by(trial, EndedBy::FinishDeadline) && no_limit && trial.dropped() == 0
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
            needs: |trial| ended_by(trial, EndedBy::ConnectDeadline),
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
            needs: |trial| OTHERS.iter().any(|(by, _)| ended_by(trial, *by)),
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
                    trials.attempts(Outcome::Incomplete),
                    trials.place(),
                );
                Some(text.into())
            },
        },
    ],
};

/// Other ends of incomplete attempts.
const OTHERS: [(EndedBy, &str); 5] = [
    (EndedBy::BrokenStream, "read data that was not in the framing of the load"),
    (EndedBy::UnexpectedAnswer, "read another answer than the load expects"),
    (EndedBy::ClientKernel, "were ended by the client's kernel while the server accepted them"),
    (EndedBy::Stopped, "were ended because the load was stopped"),
    (EndedBy::Reset, "were reset"),
];

/// Whether attempts are incomplete, and not only because of clients that do not read.
fn is_incomplete(trial: &TrialView<'_>) -> bool {
    let slow_readers = [EndedBy::SlowReader, EndedBy::FinishDeadline];
    let by_others = trial.record.incomplete_by.keys().any(|by| !slow_readers.contains(by));
    trial.attempts_with(Outcome::Incomplete) > 0
        && trial.record.server_died.is_none()
        && (!slow_reader::is_slow(trial) || by_others)
}

/// Whether this ended incomplete attempts.
fn ended_by(trial: &TrialView<'_>, by: EndedBy) -> bool {
    is_incomplete(trial) && trial.incomplete_by(by) > 0
}

fn sum(trials: &TrialSet<'_>, by: EndedBy) -> u64 {
    trials.sum(|trial| trial.incomplete_by(by))
}

/// The values of a deadline after a space, in parentheses.
fn deadlines(trials: &TrialSet<'_>, path: &str) -> String {
    trials.durations(path).map_or(String::new(), |list| format!(" ({list})"))
}
