//! Connections that the client considers established and the server never accepted.

use linux_net::{Counter, Sysctl};
use queue_model::syn_ack_retry;
use run_record::Outcome;
use run_view::TrialView;

use super::cookies;
use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{counted, retransmission_times, several};

const RETRIES: Sysctl = Sysctl::TcpSynackRetries;
const ABORT: Sysctl = Sysctl::TcpAbortOnOverflow;
const OVERFLOWS: Counter = Counter::ListenOverflows;
const DROPS: Counter = Counter::ListenDrops;
const REPEATED: Counter = Counter::TcpSynRetrans;
const DEFERRED: Counter = Counter::TcpDeferAcceptDrop;

const PHANTOM: Claim = Claim::Ended(Outcome::Phantom);

/// Where phantoms came from, what they leave at the server, and how they are avoided.
pub(super) const CAUSE: Cause = Cause {
    leads: &[
        Statement {
            needs: |trial| is_phantom(trial) && !is_waiting(trial),
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
                    several(phantoms(trials), "attempt"),
                    trials.place(),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| left_requests(trial) && trial.server(REPEATED) > 0,
            claims: &[PHANTOM, Claim::ServerCounted(OVERFLOWS), Claim::ServerCounted(REPEATED)],
            text: |trials, _| repeated(trials),
        },
        Statement {
            needs: |trial| left_requests(trial) && trial.server(REPEATED) == 0,
            claims: &[PHANTOM, Claim::ServerCounted(OVERFLOWS), Claim::ServerCountedNone(REPEATED)],
            text: |trials, _| {
                let text = format!(
                    "The accept queue was full: {OVERFLOWS} is {} there, and no SYN-ACK was repeated \
                     ({REPEATED} 0 at the server; {RETRIES} {}), so nothing but the clients' own data \
                     tried again.",
                    counted(trials.sum(|trial| trial.server(OVERFLOWS))),
                    trials.sysctls(|trial| trial.server_sysctl(RETRIES))?
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let repeats = trial.server(REPEATED) > 0;
                left_requests(trial) && repeats && trial.server_number(ABORT) == Some(0)
            },
            claims: &[PHANTOM, Claim::ServerCounted(REPEATED), Claim::SetServerSysctl(ABORT, 1)],
            text: |_, _| {
                let text = format!(
                    "If the server accepts while SYN-ACKs are still retransmitted, they become connections; \
                     with {ABORT} 1 the clients get an RST instead."
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| is_phantom(trial) && cookies::acks_overflowed(trial),
            claims: &[
                PHANTOM,
                Claim::ServerCounted(OVERFLOWS),
                Claim::ServerCounted(Counter::SyncookiesRecv),
            ],
            text: |trials, _| {
                let text = format!(
                    "Last ACKs with cookies found the accept queue full{} ({OVERFLOWS} {}) and were \
                     forgotten: the server keeps nothing of them, sends nothing, and no value of {ABORT} \
                     changes that; they become connections only if their clients' first data segment arrives \
                     while there is room.",
                    trials.place(),
                    counted(trials.sum(|trial| trial.server(OVERFLOWS))),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let full = trial.server(OVERFLOWS) > 0;
                is_phantom(trial) && !full && trial.server(DEFERRED) > 0
            },
            claims: &[PHANTOM, Claim::ServerCountedNone(OVERFLOWS), Claim::ServerCounted(DEFERRED)],
            text: |deferred, _| {
                let text = format!(
                    "With TCP_DEFER_ACCEPT the kernel ignored {} ({DEFERRED}), and the load \
                     ended before the deferral.",
                    several(deferred.sum(|trial| trial.server(DEFERRED)), "last ACK"),
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
            ],
            text: |trials, _| {
                let text = format!(
                    "{}{} connected, and no counter of the listener increased: they were still waiting \
                     for accept(2) when the load ended.",
                    several(phantoms(trials), "attempt"),
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

fn phantoms(trials: &TrialSet<'_>) -> u64 {
    trials.sum(|trial| trial.attempts_with(Outcome::Phantom))
}

/// Whether the listener dropped and ignored nothing, so that they were queued.
fn is_waiting(trial: &TrialView<'_>) -> bool {
    let quiet = [OVERFLOWS, DROPS, DEFERRED].iter().all(|counter| trial.server(*counter) == 0);
    is_phantom(trial) && trial.has_server_counters() && quiet
}

/// Whether last ACKs that a full accept queue ignored left requests at the server: not if
/// every SYN was answered with a cookie.
fn left_requests(trial: &TrialView<'_>) -> bool {
    let always_cookies = trial.server_number(Sysctl::TcpSyncookies) == Some(2);
    is_phantom(trial)
        && trial.server(OVERFLOWS) > 0
        && trial.server(DEFERRED) == 0
        && !always_cookies
        && !cookies::acks_overflowed(trial)
}

/// The last ACKs that a full accept queue ignored, several of each connection.
fn repeated(trials: &TrialSet<'_>) -> Option<Sentence> {
    let overflows = trials.sum(|trial| trial.server(OVERFLOWS));
    let retries = |trial: &TrialView<'_>| {
        trial.server_number(RETRIES).and_then(|retries| u8::try_from(retries).ok())
    };
    let most = trials.iter().filter_map(retries).max().filter(|&most| most > 0)?;
    let times = retransmission_times(&syn_ack_retry::retransmits(most), 5);
    let values = trials.sysctls(|trial| trial.server_sysctl(RETRIES))?;
    let first = match trials.all(|trial| trial.is_set("server.hold_acks")) {
        true => {
            "A filter dropped their first last ACKs (server.hold_acks), and those that answered"
        }
        false => {
            "Their last ACKs found the accept queue full and were ignored, and so were those that answered"
        }
    };
    let then = match trials.all(|trial| trial.is_set("server.hold_acks")) {
        true => " found the accept queue full and were ignored",
        false => "",
    };
    let text = format!(
        "{first} {} (after {times} at most; {RETRIES} {values}){then}: {OVERFLOWS} is {} there.",
        several(trials.sum(|trial| trial.server(REPEATED)), "retransmitted SYN-ACK"),
        counted(overflows)
    );
    Some(text.into())
}
