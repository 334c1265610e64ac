//! SYN cookies replaced the SYN queue.

use linux_net::{Counter, Sysctl};
use run_view::TrialView;

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
                Some("SYN cookies replaced the SYN queue, but not the accept queue.".into())
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
                let sum = |name| cookies.sum(|trial| trial.server(name));
                let mode = cookies.sysctls(|trial| trial.server_sysctl(MODE));
                let mode = mode.map_or(String::new(), |values| format!(" ({MODE} {values})"));
                let text = format!(
                    "A cookie answers a SYN without storing it{mode}: of {} for which the kernel chose a \
                     cookie ({WANTED}){}, {} were answered ({SENT}), and {} cookies came back with last \
                     ACKs ({RECEIVED}).",
                    several(sum(WANTED), "SYN"),
                    cookies.place(),
                    counted(sum(SENT)),
                    counted(sum(RECEIVED)),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| not_sent(trial) > 0 && trial.server(OVERFLOWS) >= not_sent(trial),
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
            needs: acks_overflowed,
            claims: &[Claim::ServerCounted(RECEIVED), Claim::ServerCounted(OVERFLOWS)],
            text: |full, _| {
                let text = format!(
                    "They made no room in the accept queue ({OVERFLOWS} {}{}), and a last ACK with a \
                     cookie that finds it full leaves nothing at the server: no SYN-ACK is repeated, and \
                     no RST is sent whatever {} is; only the client's first data segment tries again.",
                    counted(full.sum(|trial| trial.server(OVERFLOWS))),
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
                    several(without.sum(|trial| trial.server(FULL_DROPS)), "SYN")
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

/// Whether last ACKs found the accept queue full, and not only SYNs, where cookies came back.
pub(super) fn acks_overflowed(trial: &TrialView<'_>) -> bool {
    trial.server(SENT) > 0
        && trial.server(RECEIVED) > 0
        && trial.server(OVERFLOWS) > not_sent(trial)
}

/// Whether a full accept queue dropped segments despite cookies.
pub(crate) fn overflowed(trial: &TrialView<'_>) -> bool {
    (trial.server(SENT) > 0 || trial.server(WANTED) > 0) && trial.server(OVERFLOWS) > 0
}
