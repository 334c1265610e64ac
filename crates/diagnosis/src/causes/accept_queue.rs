//! The accept queue was full.

use linux_net::{Counter, Sysctl};
use queue_model::accept_queue::listen_limit;
use run_view::LimitingSetting;
use run_view::TrialView;

use super::server_limits;
use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{self, several};

const SOMAXCONN: Sysctl = Sysctl::Somaxconn;
const OVERFLOWS: Counter = Counter::ListenOverflows;
const DROPS: Counter = Counter::ListenDrops;

/// The dropped segments, the limit that decided, and a limit that would have sufficed.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: overflowed,
        claims: &[Claim::ServerCounted(OVERFLOWS)],
        text: |_, _| {
            Some(
                "The accept queue, where established connections wait for accept(2), was full."
                    .into(),
            )
        },
    }],
    statements: &[
        Statement {
            needs: overflowed,
            claims: &[Claim::ServerCounted(OVERFLOWS)],
            text: |full, _| {
                let overflows = full.sum(|trial| trial.server(OVERFLOWS));
                let text = format!(
                    "The server's kernel therefore dropped {} ({OVERFLOWS}){}: SYNs, or the last \
                     ACKs of handshakes.",
                    several(overflows, "segment"),
                    full.place(),
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| overflowed(trial) && limit_is_that_of_the_settings(trial),
            claims: &[Claim::ServerCounted(OVERFLOWS)],
            text: |full, _| limit(full),
        },
        Statement {
            needs: |trial| {
                let too_small =
                    || u64::from(trial.limit().unwrap_or(u32::MAX)) + 1 < trial.clients();
                overflowed(trial)
                    && limit_is_that_of_the_settings(trial)
                    && too_small()
                    && !server_limits::acted(trial)
            },
            claims: &[Claim::ServerCounted(OVERFLOWS), Claim::NoAcceptFailed],
            text: |full, _| remedy(full),
        },
        Statement {
            needs: |trial| {
                let limit = trial.limit();
                let fits = limit.is_some_and(|limit| trial.clients() <= u64::from(limit) + 1);
                fits && trial.has_server_counters() && trial.server(DROPS) == 0
            },
            claims: &[Claim::ServerCountedNone(DROPS)],
            text: |fitting, _| {
                let place = words::sentence(&fitting.place());
                (!place.is_empty()).then(|| {
                    format!("{place} it had room for all clients, and nothing was dropped.").into()
                })
            },
        },
    ],
};

fn overflowed(trial: &TrialView<'_>) -> bool {
    trial.server(OVERFLOWS) > 0
}

/// Whether the limit that the kernel reported follows from the settings in force.
pub(super) fn limit_is_that_of_the_settings(trial: &TrialView<'_>) -> bool {
    let computed = || {
        let (_, backlog) = trial.backlog()?;
        Some(listen_limit(backlog, trial.server_number(SOMAXCONN)?))
    };
    trial.limit().is_some() && computed() == trial.limit()
}

/// Which of backlog and somaxconn decided, and how much the queue holds.
fn limit(full: &TrialSet<'_>) -> Option<Sentence> {
    let setting = full.first()?.backlog()?.0;
    let decided = |smaller| full.filter_some(|trial| trial.limiting_setting() == Some(smaller));
    let somaxconn = |trials: &TrialSet<'_>| trials.sysctls(|trial| trial.server_sysctl(SOMAXCONN));
    let by_backlog = decided(LimitingSetting::Backlog).and_then(|trials| {
        let (values, larger) = (trials.values(setting)?, somaxconn(&trials)?);
        Some(format!("{setting} ({values}, with {SOMAXCONN} {larger}){}", trials.place()))
    });
    let by_somaxconn = decided(LimitingSetting::Somaxconn).and_then(|trials| {
        let (values, asked) = (somaxconn(&trials)?, trials.values(setting)?);
        Some(format!("{SOMAXCONN} ({values}, with {setting} {asked}){}", trials.place()))
    });
    let decided: Vec<_> = [by_backlog, by_somaxconn].into_iter().flatten().collect();
    // Not the sampled depth: a queue can be full for less than a sampling interval.
    let capacity = full.range(|trial| Some(u64::from(trial.limit()?) + 1))?;
    let text = format!(
        "Its limit is the smaller of backlog and somaxconn, here {}; it holds one more than its \
         limit, {capacity}.",
        words::listed(&decided)?
    );
    Some(text.into())
}

/// The limit with which no client would have found it full. What is large enough already is
/// not raised.
fn remedy(full: &TrialSet<'_>) -> Option<Sentence> {
    let setting = full.first()?.backlog()?.0;
    let enough = full.iter().map(TrialView::clients).max()?.saturating_sub(1);
    // A negative backlog means somaxconn.
    let backlog =
        |trial: &TrialView<'_>| trial.backlog().map(|(_, n)| u64::from(n.cast_unsigned()));
    let somaxconn = |trial: &TrialView<'_>| trial.server_number(SOMAXCONN).map(u64::from);
    let suffices = |value: Option<u64>| value.is_some_and(|value| value >= enough);
    let (raise, already, claim) = if full.all(|trial| suffices(somaxconn(trial))) {
        let values = full.sysctls(|trial| trial.server_sysctl(SOMAXCONN))?;
        (
            format!("A {setting} of {}", words::counted(enough)),
            format!(" ({SOMAXCONN}, {values}, is large enough)"),
            Claim::RaiseBacklog(enough),
        )
    } else if full.all(|trial| suffices(backlog(trial))) {
        (
            format!("A {SOMAXCONN} of {}", words::counted(enough)),
            format!(" ({setting}, {}, is large enough)", full.values(setting)?),
            Claim::RaiseServerSysctl(SOMAXCONN, enough),
        )
    } else {
        (
            format!(
                "A {setting} of {} and a {SOMAXCONN} at least as large",
                words::counted(enough)
            ),
            String::new(),
            Claim::RaiseLimit(enough),
        )
    };
    let clients = match full.range(|trial| Some(trial.clients()))? {
        range if range.contains(" to ") => format!("each burst of {range} clients"),
        all => format!("all {all} clients"),
    };
    let text = match full.all(TrialView::accepts_nothing) {
        true => format!(
            "{raise} would have room for {clients}{already}; nothing else makes room here, because the \
             server accepted nothing while they connected."
        ),
        false => format!(
            "{raise} has room for {clients}, regardless of how fast the server accepts{already}; a server \
             that accepts faster needs less."
        ),
    };
    Some(Sentence::from(text).claiming(claim))
}
