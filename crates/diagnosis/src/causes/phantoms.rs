//! Connections that the client considers established and the server never accepted.

use linux_net::{Counter, Sysctl};
use queue_model::syn_ack_retry;
use run_record::Outcome;
use run_view::TrialView;

use super::cookies::{cookies_can_have_overflowed, most_overflowed_acks};
use super::server_limits;
use crate::claim::Claim;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{counted, retransmission_times, several};

const RETRIES: Sysctl = Sysctl::TcpSynackRetries;
const ABORT: Sysctl = Sysctl::TcpAbortOnOverflow;
const OVERFLOWS: Counter = Counter::ListenOverflows;
const DROPS: Counter = Counter::ListenDrops;
const RETRANSMITTED: Counter = Counter::TcpSynRetrans;
const DEFERRED: Counter = Counter::TcpDeferAcceptDrop;

const PHANTOM: Claim = Claim::Ended(Outcome::Phantom);

/// Last ACKs that answered retransmitted SYN-ACKs were ignored too.
const IGNORED: &[Claim] =
    &[PHANTOM, Claim::ServerCounted(OVERFLOWS), Claim::ServerCounted(RETRANSMITTED)];

/// Where phantoms came from, what they leave at the server, and how they are avoided.
pub(super) const CAUSE: Cause = Cause {
    leads: &[
        Statement {
            needs: |trial| ignored_acks(trial) || is_deferred(trial),
            claims: &[PHANTOM],
            text: |_, _| Some("Some connections existed only at the client: phantoms.".into()),
        },
        Statement {
            needs: is_phantom,
            claims: &[PHANTOM],
            text: |_, _| Some("Some connections were established and never accepted.".into()),
        },
    ],
    statements: &[
        Statement {
            needs: |trial| is_phantom(trial) && !is_waiting(trial),
            claims: &[PHANTOM],
            text: |trials, _| {
                let text = format!(
                    "For {}{}, connect(2) succeeded but accept(2) returned no socket: a client is \
                     ESTABLISHED when it receives the server's SYN-ACK, before the server receives its \
                     last ACK.",
                    trials.attempts(Outcome::Phantom),
                    trials.place(),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| retransmitted(trial) && !trial.holds_acks(),
            claims: IGNORED,
            text: |trials, _| {
                let text = format!(
                    "Their last ACKs found the accept queue full and were ignored, and so were those \
                     that answered {}: {OVERFLOWS} is {} there.",
                    retransmissions(trials)?,
                    counted(trials.server(OVERFLOWS))
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| retransmitted(trial) && trial.holds_acks(),
            claims: IGNORED,
            text: |trials, _| {
                let text = format!(
                    "A filter dropped their first last ACKs (server.hold_acks), and those that answered \
                     {} found the accept queue full and were ignored: {OVERFLOWS} is {} there.",
                    retransmissions(trials)?,
                    counted(trials.server(OVERFLOWS))
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| left_requests(trial) && trial.server_counted_none(RETRANSMITTED),
            claims: &[
                PHANTOM,
                Claim::ServerCounted(OVERFLOWS),
                Claim::ServerCountedNone(RETRANSMITTED),
            ],
            text: |trials, _| {
                let text = format!(
                    "The accept queue was full: {OVERFLOWS} is {} there, and no SYN-ACK was retransmitted \
                     ({RETRANSMITTED} 0 at the server; {RETRIES} {}), so nothing but the clients' own data \
                     tried again.",
                    counted(trials.server(OVERFLOWS)),
                    trials.sysctls(|trial| trial.server_sysctl(RETRIES))?
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| retransmitted(trial) && trial.server_number(ABORT) == Some(0),
            claims: &[
                PHANTOM,
                Claim::ServerCounted(RETRANSMITTED),
                Claim::SetServerSysctl(ABORT, 1),
            ],
            text: |_, _| {
                let text = format!(
                    "If the server accepts while SYN-ACKs are still retransmitted, they become connections; \
                     with {ABORT} 1 the clients get an RST instead."
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| ignored_acks(trial) && cookies_can_have_overflowed(trial),
            claims: &[
                PHANTOM,
                Claim::ServerCounted(OVERFLOWS),
                Claim::ServerCounted(Counter::SyncookiesRecv),
            ],
            text: |trials, _| {
                let text = format!(
                    "The accept queue was full{} ({OVERFLOWS} {}), and of a last ACK with a cookie that \
                     finds it full the server keeps nothing: it sends nothing, and no value of {ABORT} \
                     changes that; it becomes a connection only if the client's own data arrives while \
                     there is room.",
                    trials.place(),
                    counted(trials.server(OVERFLOWS)),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| is_deferred(trial) && trial.server_counted_none(OVERFLOWS),
            claims: &[PHANTOM, Claim::ServerCountedNone(OVERFLOWS), Claim::ServerCounted(DEFERRED)],
            text: |deferred, _| {
                let text = format!(
                    "With TCP_DEFER_ACCEPT the kernel ignored {} ({DEFERRED}), and the load \
                     ended before the deferral.",
                    several(deferred.server(DEFERRED), "last ACK"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: is_waiting,
            claims: &[
                PHANTOM,
                Claim::ServerCountedNone(OVERFLOWS),
                Claim::ServerCountedNone(DROPS),
                Claim::ServerCountedNone(DEFERRED),
                Claim::ServerCountedNone(RETRANSMITTED),
            ],
            text: |trials, _| {
                let text = format!(
                    "{}{} connected, and no counter of the listener increased: they were still waiting \
                     for accept(2) when the load ended.",
                    trials.attempts(Outcome::Phantom),
                    trials.place()
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| is_phantom(trial) && !is_waiting(trial) && queued(trial) > 0,
            claims: &[PHANTOM],
            text: |trials, _| {
                let text = format!(
                    "{} still waited in the accept queue when the clients had left{}.",
                    several(trials.sum(queued), "connection"),
                    trials.place()
                );
                Some(text.into())
            },
        },
    ],
};

fn is_phantom(trial: &TrialView<'_>) -> bool {
    trial.attempts_with(Outcome::Phantom) > 0
}

/// The connections that no accept(2) had returned when the clients had left.
fn queued(trial: &TrialView<'_>) -> u64 {
    trial.record.evidence.left.map_or(0, |left| left.queued.into())
}

/// Whether phantoms were not in the accept queue: the server took all that was there.
fn is_at_client(trial: &TrialView<'_>) -> bool {
    is_phantom(trial) && queued(trial) == 0 && !server_limits::acted(trial)
}

/// Whether phantoms were in the accept queue: the listener dropped and ignored nothing, and
/// no last ACK was lost or held, after which a SYN-ACK is retransmitted.
fn is_waiting(trial: &TrialView<'_>) -> bool {
    let counters = [OVERFLOWS, DROPS, DEFERRED, RETRANSMITTED];
    let is_queued = trial.record.evidence.left.is_none_or(|left| left.queued > 0);
    is_phantom(trial)
        && is_queued
        && !trial.holds_acks()
        && counters.iter().all(|counter| trial.server_counted_none(*counter))
}

/// Whether the listener ignored last ACKs of phantoms because it defers accepts.
fn is_deferred(trial: &TrialView<'_>) -> bool {
    is_at_client(trial) && trial.server(DEFERRED) > 0
}

/// Whether a full accept queue ignored the last ACKs of phantoms: each at least once, unless a
/// filter dropped them first.
fn ignored_acks(trial: &TrialView<'_>) -> bool {
    let least = match trial.holds_acks() {
        true => 1,
        false => trial.attempts_with(Outcome::Phantom),
    };
    is_at_client(trial) && trial.server(DEFERRED) == 0 && most_overflowed_acks(trial) >= least
}

/// Whether last ACKs that a full accept queue ignored left requests at the server: not if
/// SYNs were answered with cookies.
fn left_requests(trial: &TrialView<'_>) -> bool {
    let always_cookies = trial.server_number(Sysctl::TcpSyncookies) == Some(2);
    ignored_acks(trial) && !always_cookies && !cookies_can_have_overflowed(trial)
}

/// Whether the SYN-ACKs of these requests were retransmitted. Half-open clients, which drop
/// them, have theirs retransmitted too.
fn retransmitted(trial: &TrialView<'_>) -> bool {
    left_requests(trial) && trial.half_open() == 0 && trial.server(RETRANSMITTED) > 0
}

/// The retransmitted SYN-ACKs and their times; `None` if the settings allow none.
fn retransmissions(trials: &TrialSet<'_>) -> Option<String> {
    let retries = |trial: &TrialView<'_>| {
        trial.server_number(RETRIES).and_then(|retries| u8::try_from(retries).ok())
    };
    let most = trials.iter().filter_map(retries).max().filter(|&most| most > 0)?;
    Some(format!(
        "{} (after {} at most; {RETRIES} {})",
        several(trials.server(RETRANSMITTED), "retransmitted SYN-ACK"),
        retransmission_times(&syn_ack_retry::retransmits(most), 5),
        trials.sysctls(|trial| trial.server_sysctl(RETRIES))?
    ))
}
