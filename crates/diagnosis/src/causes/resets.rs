//! Connections that ended with an RST.

use linux_net::{Counter, Sysctl};
use run_record::Outcome;
use run_view::TrialView;

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
                let text = format!(
                    "{}{} ended as reset, and the server's kernel counted {} ({RSTS}): each for the last \
                     ACK of a handshake that found the accept queue full.",
                    several(trials.sum(|trial| trial.attempts_with(Outcome::Reset)), "attempt"),
                    trials.place(),
                    several(trials.sum(|trial| trial.server(RSTS)), "RST"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let syns = trial.server(OVERFLOWS) > trial.server(RSTS);
                by_overflow(trial) && syns && trial.timed_out() > 0
            },
            claims: &[Claim::Ended(Outcome::TimedOut), Claim::ServerCounted(OVERFLOWS)],
            text: |silent, _| {
                let text = format!(
                    "A SYN that finds it full is still dropped silently: {} timed out.",
                    several(silent.sum(TrialView::timed_out), "attempt")
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let phantoms = trial.attempts_with(Outcome::Phantom) > 0;
                let quiet = trial.server(RSTS) == 0 && trial.server(OVERFLOWS) > 0;
                trial.server_number(ABORT) == Some(0) && phantoms && quiet
            },
            claims: &[
                Claim::ServerSysctl(ABORT, 0),
                Claim::Ended(Outcome::Phantom),
                Claim::ServerCountedNone(RSTS),
            ],
            text: |without, all| {
                let phantoms = without.sum(|trial| trial.attempts_with(Outcome::Phantom));
                all.any(by_overflow).then(|| {
                    let became = several(phantoms, "attempt");
                    format!("With 0 no RST was sent, and {became} became phantoms.").into()
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
                    several(trials.sum(|trial| trial.attempts_with(Outcome::Reset)), "attempt"),
                    trials.place(),
                    several(trials.sum(|trial| trial.server(UNREAD)), "socket"),
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
                    several(trials.sum(|trial| trial.attempts_with(Outcome::Reset)), "attempt"),
                    trials.place(),
                    several(trials.sum(|trial| trial.server(AFTER_CLOSE)), "socket"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let quiet = trial.server(UNREAD) == 0 && trial.server(AFTER_CLOSE) == 0;
                otherwise(trial) && trial.has_server_counters() && quiet
            },
            claims: &[
                RESET,
                Claim::ServerCountedNone(UNREAD),
                Claim::ServerCountedNone(AFTER_CLOSE),
            ],
            text: |trials, _| {
                let text = format!(
                    "{}{} ended as reset, and the server's host sent {} ({SENT}), none of them for a \
                     close: for connections that it no longer had, or whose listener was closed.",
                    several(trials.sum(|trial| trial.attempts_with(Outcome::Reset)), "attempt"),
                    trials.place(),
                    counted(trials.sum(|trial| trial.server(SENT))),
                );
                (trials.sum(|trial| trial.server(SENT)) > 0).then(|| text.into())
            },
        },
    ],
};

/// Whether a full accept queue reset attempts of this trial. Half-open clients that leave
/// count in EmbryonicRsts too, but not in ListenOverflows.
pub(crate) fn by_overflow(trial: &TrialView<'_>) -> bool {
    trial.server_number(ABORT) == Some(1)
        && trial.attempts_with(Outcome::Reset) > 0
        && trial.server(RSTS) > 0
        && trial.server(OVERFLOWS) >= trial.server(RSTS)
}

/// Whether attempts of this trial were reset for another reason.
fn otherwise(trial: &TrialView<'_>) -> bool {
    trial.attempts_with(Outcome::Reset) > 0
        && !by_overflow(trial)
        && trial.record.server_died.is_none()
}
