//! Connections that ended with an RST.

use linux_net::{Counter, Sysctl};
use run_record::Outcome;
use run_view::TrialView;

use super::accept_queue::caused_every_drop;
use crate::claim::Claim;
use crate::statement::{Cause, Statement};
use crate::words::{counted, several};

const ABORT: Sysctl = Sysctl::TcpAbortOnOverflow;
const RSTS: Counter = Counter::EmbryonicRsts;
const OVERFLOWS: Counter = Counter::ListenOverflows;
const UNREAD: Counter = Counter::TcpAbortOnClose;
const AFTER_CLOSE: Counter = Counter::TcpAbortOnData;
const SENT: Counter = Counter::OutRsts;

const RESET: Claim = Claim::Ended(Outcome::Reset);

/// What sent the RSTs: tcp_abort_on_overflow, the server's process, or nothing that was
/// counted.
pub(super) const CAUSE: Cause = Cause {
    leads: &[
        Statement {
            needs: by_overflow,
            claims: &[RESET, Claim::ServerSysctl(ABORT, 1)],
            text: |_, _| {
                let text =
                    format!("{ABORT} 1 made the server answer with an RST, but only to last ACKs.");
                Some(text.into())
            },
        },
        Statement {
            needs: otherwise,
            claims: &[RESET],
            text: |_, _| Some("Some connections were reset.".into()),
        },
    ],
    statements: &[
        Statement {
            needs: by_overflow,
            claims: &[
                RESET,
                Claim::ServerSysctl(ABORT, 1),
                Claim::ServerCounted(RSTS),
                Claim::ServerCounted(OVERFLOWS),
            ],
            text: |trials, _| {
                let others = trials.sum(TrialView::half_open);
                let each = match others {
                    0 => "each for the last ACK of a handshake that found".to_owned(),
                    n => format!(
                        "at most {} for half-open clients that left, the others for last ACKs that found",
                        counted(n)
                    ),
                };
                let text = format!(
                    "{}{} ended as reset, and the server's kernel counted {} ({RSTS}): {each} the accept \
                     queue full.",
                    trials.attempts(Outcome::Reset),
                    trials.place(),
                    several(trials.server(RSTS), "RST"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let syns = trial.server(OVERFLOWS) > trial.server(RSTS);
                by_overflow(trial) && syns && caused_every_drop(trial) && trial.timed_out() > 0
            },
            claims: &[Claim::Ended(Outcome::TimedOut), Claim::ServerCounted(OVERFLOWS)],
            text: |silent, _| {
                let text = format!(
                    "A SYN that finds it full is still dropped silently: {} timed out.",
                    silent.timed_out()
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let phantoms = trial.attempts_with(Outcome::Phantom) > 0;
                let quiet = trial.server_counted_none(RSTS) && trial.server(OVERFLOWS) > 0;
                trial.server_number(ABORT) == Some(0) && phantoms && quiet
            },
            claims: &[
                Claim::ServerSysctl(ABORT, 0),
                Claim::Ended(Outcome::Phantom),
                Claim::ServerCountedNone(RSTS),
            ],
            text: |without, all| {
                all.any(by_overflow).then(|| {
                    let became = without.attempts(Outcome::Phantom);
                    format!("With 0 no RST answered a last ACK, and {became} became phantoms.")
                        .into()
                })
            },
        },
        Statement {
            needs: |trial| otherwise(trial) && trial.server(UNREAD) > 0,
            claims: &[RESET, Claim::ServerCounted(UNREAD)],
            text: |trials, _| {
                let text = format!(
                    "{}{} ended as reset; the server's process had closed {} with data that it had not \
                     read ({UNREAD}), which sends an RST.",
                    trials.attempts(Outcome::Reset),
                    trials.place(),
                    several(trials.server(UNREAD), "socket"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                otherwise(trial) && trial.server(UNREAD) == 0 && trial.server(AFTER_CLOSE) > 0
            },
            claims: &[RESET, Claim::ServerCounted(AFTER_CLOSE), Claim::ServerCountedNone(UNREAD)],
            text: |trials, _| {
                let text = format!(
                    "{}{} ended as reset; {} at the server had data arrive after their close, or were \
                     closed with a zero linger time ({AFTER_CLOSE}), which sends an RST.",
                    trials.attempts(Outcome::Reset),
                    trials.place(),
                    several(trials.server(AFTER_CLOSE), "socket"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let counters = [UNREAD, AFTER_CLOSE, RSTS];
                let quiet = counters.iter().all(|counter| trial.server_counted_none(*counter));
                let refused = trial.attempts_with(Outcome::Refused) > 0;
                otherwise(trial) && quiet && !refused && trial.server(SENT) > 0
            },
            claims: &[
                RESET,
                Claim::ServerCountedNone(UNREAD),
                Claim::ServerCountedNone(AFTER_CLOSE),
                Claim::ServerCountedNone(RSTS),
                Claim::NoneEnded(Outcome::Refused),
                Claim::ServerCounted(SENT),
            ],
            text: |trials, _| {
                let text = format!(
                    "{}{} ended as reset, and the server's host sent {} ({SENT}), none of them for a \
                     close: for connections that it no longer had, or whose listener was closed.",
                    trials.attempts(Outcome::Reset),
                    trials.place(),
                    several(trials.server(SENT), "RST"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let counters = [UNREAD, AFTER_CLOSE, RSTS, SENT];
                let quiet = counters.iter().all(|counter| trial.server_counted_none(*counter));
                otherwise(trial) && quiet
            },
            claims: &[RESET, Claim::ServerCountedNone(SENT)],
            text: |trials, _| {
                let text = format!(
                    "{}{} ended as reset, and the server's host sent no RST ({SENT} is 0): a firewall or \
                     a host on the way reset them.",
                    trials.attempts(Outcome::Reset),
                    trials.place(),
                );
                Some(text.into())
            },
        },
    ],
};

/// Whether a full accept queue reset attempts of this trial. Half-open clients that leave
/// count in EmbryonicRsts too, but not in ListenOverflows.
pub(crate) fn by_overflow(trial: &TrialView<'_>) -> bool {
    trial.server_number(ABORT) == Some(1)
        && trial.attempts_with(Outcome::Reset) > 0
        && trial.server(RSTS) > trial.half_open()
        && trial.server(OVERFLOWS) >= trial.server(RSTS) - trial.half_open()
}

/// Whether attempts of this trial were reset for another reason.
fn otherwise(trial: &TrialView<'_>) -> bool {
    trial.attempts_with(Outcome::Reset) > 0
        && !by_overflow(trial)
        && trial.record.server_died.is_none()
}
