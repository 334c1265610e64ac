//! SYN cookies replaced the SYN queue.

use linux_net::{Counter, Sysctl};
use run_view::TrialView;

use super::accept_queue::caused_every_drop;
use crate::claim::Claim;
use crate::statement::{Cause, Statement};
use crate::words::{counted, several, short_name};

const SENT: Counter = Counter::SyncookiesSent;
const WANTED: Counter = Counter::TcpReqQFullDoCookies;
const RECEIVED: Counter = Counter::SyncookiesRecv;
const OVERFLOWS: Counter = Counter::ListenOverflows;
const FULL_DROPS: Counter = Counter::TcpReqQFullDrop;
const MODE: Sysctl = Sysctl::TcpSyncookies;

/// The SYNs that cookies answered, those that the accept queue dropped, and what a cookie
/// leaves at the server.
pub(super) const CAUSE: Cause = Cause {
    leads: &[
        Statement {
            needs: |trial| trial.server(SENT) > 0,
            claims: &[Claim::ServerCounted(SENT)],
            text: |_, _| {
                Some(
                    "SYN cookies replaced places in the SYN queue, but not in the accept queue."
                        .into(),
                )
            },
        },
        Statement {
            needs: |trial| trial.server(WANTED) > 0 && trial.server(SENT) == 0,
            claims: &[Claim::ServerCounted(WANTED), Claim::ServerCountedNone(SENT)],
            text: |_, _| Some("The kernel chose SYN cookies, and sent none.".into()),
        },
    ],
    statements: &[
        Statement {
            needs: |trial| trial.server(WANTED) > 0 && trial.server(WANTED) >= trial.server(SENT),
            claims: &[Claim::ServerCounted(WANTED)],
            text: |cookies, _| {
                let mode = cookies.sysctls(|trial| trial.server_sysctl(MODE));
                let mode = mode.map_or(String::new(), |values| format!(" ({MODE} {values})"));
                let text = format!(
                    "A cookie answers a SYN without storing it{mode}: of {} for which the kernel chose a \
                     cookie ({WANTED}){}, {} were answered ({SENT}), and {} brought a valid cookie back \
                     ({RECEIVED}).",
                    several(cookies.server(WANTED), "SYN"),
                    cookies.place(),
                    counted(cookies.server(SENT)),
                    several(cookies.server(RECEIVED), "ACK"),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let overflowed = trial.server(OVERFLOWS) >= not_sent(trial);
                not_sent(trial) > 0 && overflowed && caused_every_drop(trial)
            },
            claims: &[Claim::ServerCounted(WANTED), Claim::ServerCounted(OVERFLOWS)],
            text: |full, _| {
                let text = format!(
                    "The other {} found the accept queue full: the kernel tests it before it sends a \
                     cookie, and cookies do not make room in it.",
                    counted(full.sum(not_sent))
                );
                Some(text.into())
            },
        },
        Statement {
            needs: cookies_can_have_overflowed,
            claims: &[Claim::ServerCounted(RECEIVED), Claim::ServerCounted(OVERFLOWS)],
            text: |full, _| {
                let text = format!(
                    "They made no room in the accept queue ({OVERFLOWS} {}{}), and a last ACK with a \
                     cookie that finds it full leaves nothing at the server: no SYN-ACK is retransmitted, and \
                     no RST is sent whatever {} is; only the client's own data tries again.",
                    counted(full.server(OVERFLOWS)),
                    full.place(),
                    short_name(Sysctl::TcpAbortOnOverflow.name()),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| trial.server_number(MODE) == Some(0) && trial.server(FULL_DROPS) > 0,
            claims: &[Claim::ServerSysctl(MODE, 0), Claim::ServerCounted(FULL_DROPS)],
            text: |without, _| {
                let text = format!(
                    "With {} 0 the SYN queue dropped {} instead.",
                    short_name(MODE.name()),
                    several(without.server(FULL_DROPS), "SYN")
                );
                Some(text.into())
            },
        },
    ],
};

/// SYNs for which a cookie was chosen and not sent.
fn not_sent(trial: &TrialView<'_>) -> u64 {
    trial.server(WANTED).saturating_sub(trial.server(SENT))
}

/// The most last ACKs and data segments that can have found the accept queue full: the
/// overflows except those of SYNs for which a cookie was chosen.
pub(super) fn most_overflowed_acks(trial: &TrialView<'_>) -> u64 {
    trial.server(OVERFLOWS).saturating_sub(not_sent(trial))
}

/// Whether last ACKs can have found the accept queue full where cookies came back.
pub(super) fn cookies_can_have_overflowed(trial: &TrialView<'_>) -> bool {
    trial.server(SENT) > 0 && trial.server(RECEIVED) > 0 && most_overflowed_acks(trial) > 0
}

/// Whether a full accept queue dropped segments despite cookies.
pub(crate) fn overflowed(trial: &TrialView<'_>) -> bool {
    (trial.server(SENT) > 0 || trial.server(WANTED) > 0) && trial.server(OVERFLOWS) > 0
}
