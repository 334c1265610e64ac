//! The SYN queue was full.

use linux_net::{Counter, Sysctl};
use queue_model::syn_queue::{Cookies, SynQueue, SynQueueFull};
use run_view::{LimitingSetting, TrialView};

use super::accept_queue::limit_is_that_of_the_settings;
use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::TrialSet;
use crate::words::{several, short_name};

const MAX_SYN_BACKLOG: Sysctl = Sysctl::TcpMaxSynBacklog;
const SOMAXCONN: Sysctl = Sysctl::Somaxconn;
const COOKIES: Sysctl = Sysctl::TcpSyncookies;
const QUEUE_FULL: Counter = Counter::TcpReqQFullDrop;
const OVERFLOWS: Counter = Counter::ListenOverflows;
const DROPS: Counter = Counter::ListenDrops;

/// Which of its two tests dropped SYNs, and how to make room.
pub(super) const CAUSE: Cause = Cause {
    leads: &[Statement {
        needs: |trial| by_limit(trial) || by_rule(trial),
        claims: &[Claim::ServerCounted(DROPS), Claim::ServerSysctl(COOKIES, 0)],
        text: |_, _| {
            Some(
                "The SYN queue, where half-open connections wait for their handshake's last ACK, was full."
                    .into(),
            )
        },
    }],
    statements: &[
        Statement {
            needs: by_limit,
            claims: &[Claim::ServerCounted(QUEUE_FULL), Claim::ServerSysctl(COOKIES, 0)],
            text: |dropped, _| dropped_by_limit(dropped),
        },
        Statement {
            needs: by_rule,
            claims: &[Claim::ServerCounted(DROPS), Claim::ServerSysctl(COOKIES, 0)],
            text: |dropped, _| dropped_by_rule(dropped),
        },
        Statement {
            needs: |trial| {
                let is_backlog = trial.limiting_setting() == Some(LimitingSetting::Backlog);
                by_limit(trial) && is_backlog && backlog_is_below_somaxconn(trial)
            },
            claims: &[Claim::ServerCounted(QUEUE_FULL), Claim::RaiseBacklog(0)],
            text: |_, _| {
                Some(
                    format!("Raising backlog, up to {SOMAXCONN}, makes room for more of them.")
                        .into(),
                )
            },
        },
        Statement {
            needs: |trial| {
                let is_equal = !backlog_is_below_somaxconn(trial);
                by_limit(trial)
                    && is_equal
                    && trial.limiting_setting() == Some(LimitingSetting::Backlog)
            },
            claims: &[Claim::ServerCounted(QUEUE_FULL), Claim::RaiseLimit(0)],
            text: |_, _| {
                let text = format!(
                    "Raising backlog and {SOMAXCONN} together makes room for more of them: they are equal."
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                by_limit(trial) && trial.limiting_setting() == Some(LimitingSetting::Somaxconn)
            },
            claims: &[Claim::ServerCounted(QUEUE_FULL), Claim::RaiseServerSysctl(SOMAXCONN, 0)],
            text: |_, _| {
                let text = format!(
                    "Raising {SOMAXCONN}, which is below the backlog, makes room for more of them."
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| by_rule(trial) && limit_is_that_of_the_settings(trial),
            claims: &[Claim::RaiseServerSysctl(MAX_SYN_BACKLOG, 0)],
            text: |_, _| {
                let text =
                    format!("Raising {MAX_SYN_BACKLOG} makes room, up to the listener's limit.");
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| by_limit(trial) || by_rule(trial),
            claims: &[Claim::SetServerSysctl(COOKIES, 1)],
            text: |dropped, _| {
                let accepts = match dropped.any(|trial| trial.server(OVERFLOWS) > 0) {
                    true => " (which does not help a full accept queue)",
                    false => "",
                };
                let text = format!(
                    "With {COOKIES} 1 a SYN that finds it full gets a cookie instead{accepts}."
                );
                Some(text.into())
            },
        },
    ],
};

/// Whether SYNs found more than the listener's limit in the queue.
fn by_limit(trial: &TrialView<'_>) -> bool {
    trial.server_number(COOKIES) == Some(0)
        && trial.server(QUEUE_FULL) > 0
        && trial.server(DROPS) >= trial.server(QUEUE_FULL)
}

/// Whether a larger backlog takes effect.
fn backlog_is_below_somaxconn(trial: &TrialView<'_>) -> bool {
    let backlog = trial.backlog().map(|(_, backlog)| backlog.cast_unsigned());
    let somaxconn = trial.server_number(SOMAXCONN);
    backlog.zip(somaxconn).is_some_and(|(backlog, somaxconn)| backlog < somaxconn)
}

/// Whether the three-quarters rule dropped SYNs.
fn by_rule(trial: &TrialView<'_>) -> bool {
    three_quarters(trial) > 0
}

fn dropped_by_limit(trials: &TrialSet<'_>) -> Option<Sentence> {
    let dropped = trials.sum(|trial| trial.server(QUEUE_FULL));
    let limit = trials.range(|trial| trial.limit().map(u64::from))?;
    let by = match trials.sysctls(|trial| trial.server_sysctl(MAX_SYN_BACKLOG)) {
        Some(values) => format!(", not {MAX_SYN_BACKLOG} ({values})"),
        None => String::new(),
    };
    let seen = match trials.range(|trial| Some(trial.state("syn_recv")?.most.into())) {
        Some(most) => format!("; up to {most} were in SYN_RECV at once"),
        None => String::new(),
    };
    let text = format!(
        "With {COOKIES} 0 it silently dropped {} ({QUEUE_FULL}){}; its limit is that of the accept \
         queue, min(backlog, {}), here {limit}{by}{seen}.",
        several(dropped, "SYN"),
        trials.place(),
        short_name(SOMAXCONN.name()),
    );
    Some(text.into())
}

fn dropped_by_rule(trials: &TrialSet<'_>) -> Option<Sentence> {
    let dropped = trials.sum(three_quarters);
    let values = trials.sysctls(|trial| trial.server_sysctl(MAX_SYN_BACKLOG))?;
    let holds = trials.range(|trial| Some(queue(trial)?.capacity()))?;
    let text = format!(
        "{}{} were dropped by a rule without its own counter ({DROPS} minus {} and {}): without cookies the last quarter of {MAX_SYN_BACKLOG} \
         ({values}) is reserved for peers with a known round-trip time, which leaves {holds} for the \
         others.",
        several(dropped, "SYN"),
        trials.place(),
        short_name(OVERFLOWS.name()),
        short_name(QUEUE_FULL.name()),
    );
    Some(text.into())
}

/// SYNs that the three-quarters rule dropped: the rest of ListenDrops, if that rule
/// acts before the limit and there were more attempts than it leaves room for.
pub(crate) fn three_quarters(trial: &TrialView<'_>) -> u64 {
    let counted = trial.server(OVERFLOWS).saturating_add(trial.server(QUEUE_FULL));
    let rest = trial.server(DROPS).saturating_sub(counted);
    let acts = || {
        let queue = queue(trial)?;
        let by_limit = SynQueue { peers_are_proven: true, ..queue }.capacity();
        let acts_first = queue.cookies == Cookies::Never && queue.capacity() < by_limit;
        let seen = trial.state("syn_recv").map_or(0, |seen| seen.most.into());
        let is_exceeded = trial.record.attempts > queue.capacity() && seen <= queue.capacity();
        Some(acts_first && is_exceeded)
    };
    if acts() == Some(true) { rest } else { 0 }
}

/// The listener's SYN queue, according to the settings in force.
pub(crate) fn queue(trial: &TrialView<'_>) -> Option<SynQueue> {
    Some(SynQueue {
        limit: trial.limit()?,
        max_syn_backlog: trial.server_sysctl(MAX_SYN_BACKLOG)?.trim().parse().ok()?,
        cookies: Cookies::from_sysctl(trial.server_number(COOKIES)?),
        full: match trial.syn_queue_full_at_limit() {
            true => SynQueueFull::AtOrAbove,
            false => SynQueueFull::Above,
        },
        peers_are_proven: false,
    })
}
