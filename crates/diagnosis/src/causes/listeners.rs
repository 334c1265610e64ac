//! Several listeners on one port, each with its own queues.

use linux_net::{Counter, Sysctl};
use run_view::TrialView;

use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::words::{self, counted, short_name};

const OVERFLOWS: Counter = Counter::ListenOverflows;
const SOMAXCONN: Sysctl = Sysctl::Somaxconn;

/// How much each listener queued, and how the kernel assigns SYNs to them.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: is_several,
        claims: &[],
        text: |_, _| {
            Some("Listeners that share a port (SO_REUSEPORT) do not share their queues.".into())
        },
    }],
    statements: &[
        Statement {
            needs: |trial| is_several(trial) && trial.limit().is_some(),
            claims: &[],
            text: |several, _| {
                several.iter().max_by_key(|trial| trial.listeners()).and_then(depths)
            },
        },
        Statement {
            needs: is_several,
            claims: &[],
            text: |several, _| {
                let text = format!(
                    "The kernel assigns each SYN to one of them by a hash of its addresses and ports, even if its \
                     queue is full, so {} listeners can hold that many times min(backlog, {}) + 1.",
                    several.values("server.listeners")?,
                    short_name(SOMAXCONN.name()),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: is_uneven,
            claims: &[Claim::ServerCounted(OVERFLOWS)],
            text: |uneven, _| {
                let text = format!(
                    "One was full while another had room{}, and {OVERFLOWS} counted {} there.",
                    uneven.place(),
                    counted(uneven.server(OVERFLOWS))
                );
                Some(text.into())
            },
        },
    ],
};

fn is_several(trial: &TrialView<'_>) -> bool {
    trial.listeners() > 1
}

fn overflowed(trial: &TrialView<'_>) -> bool {
    is_several(trial) && trial.server(OVERFLOWS) > 0
}

fn is_uneven(trial: &TrialView<'_>) -> bool {
    let (full, room) = full_and_room(trial);
    full > 0 && room > 0 && overflowed(trial)
}

/// The depth of each queue as sampled by the probe, or else their sum when every
/// attempt was decided.
fn depths(trial: &TrialView<'_>) -> Option<Sentence> {
    let seen = trial.listener_summaries();
    let depths: Vec<_> = seen.iter().map(|listener| listener.deepest.to_string()).collect();
    let of = format!(
        "With {} of them and a limit of {} each",
        trial.listeners(),
        counted(trial.limit()?.into())
    );
    if depths.len() > 1 {
        let sum: u64 = seen.iter().map(|listener| u64::from(listener.deepest)).sum();
        let each = words::listed(&depths)?;
        return Some(format!("{of}, their accept queues held up to {each}, {sum} in all.").into());
    }
    let queue = trial.record.evidence.accept_queue.filter(|_| trial.accepts_nothing())?;
    Some(format!("{of}, {} were queued in all.", counted(queue.depth.into())).into())
}

/// The numbers of listeners that were seen full and of those that were not.
fn full_and_room(trial: &TrialView<'_>) -> (usize, usize) {
    let seen = trial.listener_summaries();
    let full = seen.iter().filter(|listener| listener.deepest > listener.limit).count();
    (full, seen.len() - full)
}
