//! The SYN queue was full.

use linux_net::{Counter, Sysctl};
use queue_model::syn_queue::{Cookies, SynQueue, SynQueueFull};
use run_view::{ListenLimit, TrialView};

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
                let smaller = |limit: ListenLimit| limit.backlog < limit.somaxconn;
                larger_limit_helps(trial) == Some(true) && is_limited(trial, smaller)
            },
            claims: &[Claim::ServerCounted(QUEUE_FULL), Claim::RaiseBacklog(0)],
            text: |_, _| {
                let text = format!(
                    "Raising backlog makes room for more of them, up to {SOMAXCONN} and to ¾ of \
                     {MAX_SYN_BACKLOG}."
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let equal = |limit: ListenLimit| limit.backlog == limit.somaxconn;
                larger_limit_helps(trial) == Some(true) && is_limited(trial, equal)
            },
            claims: &[Claim::ServerCounted(QUEUE_FULL), Claim::RaiseLimit(0)],
            text: |_, _| {
                let text = format!(
                    "Raising backlog and {SOMAXCONN} together makes room for more of them, up to ¾ of \
                     {MAX_SYN_BACKLOG}: they are equal."
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| {
                let larger = |limit: ListenLimit| limit.backlog > limit.somaxconn;
                larger_limit_helps(trial) == Some(true) && is_limited(trial, larger)
            },
            claims: &[Claim::ServerCounted(QUEUE_FULL), Claim::RaiseServerSysctl(SOMAXCONN, 0)],
            text: |_, _| {
                let text = format!(
                    "Raising {SOMAXCONN}, which is below the backlog, makes room for more of them, up to \
                     ¾ of {MAX_SYN_BACKLOG}."
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| larger_limit_helps(trial) == Some(false),
            claims: &[Claim::ServerCounted(QUEUE_FULL), Claim::RaiseLimitAndMaxSynBacklog],
            text: |_, _| {
                let text = format!(
                    "A larger limit makes room for more of them only with a larger {MAX_SYN_BACKLOG}, \
                     of which ¾ are no more than the limit."
                );
                Some(text.into())
            },
        },
        Statement {
            needs: |trial| by_rule(trial) && trial.limit_is_that_of_the_settings(),
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
                let rule = match dropped.any(by_rule) {
                    true => format!(" {MAX_SYN_BACKLOG} has no effect, and"),
                    false => String::new(),
                };
                let accepts = match dropped.any(|trial| trial.server(OVERFLOWS) > 0) {
                    true => " (which does not help a full accept queue)",
                    false => "",
                };
                let text = format!(
                    "With {COOKIES} 1{rule} a SYN that finds the queue full gets a cookie instead{accepts}."
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

/// Whether the limit was full, and a larger one has more room although the last quarter of
/// tcp_max_syn_backlog is reserved; `None` if the limit was not full, or is not known.
fn larger_limit_helps(trial: &TrialView<'_>) -> Option<bool> {
    if !(by_limit(trial) && trial.limit_is_that_of_the_settings()) {
        return None;
    }
    let helps = |full| {
        let queue = queue_by(trial, full)?;
        let larger = SynQueue { limit: queue.limit.saturating_add(1), ..queue };
        Some(larger.capacity() > queue.capacity())
    };
    match trial.syn_queue_full() {
        Some(full) => helps(full),
        None => helps(SynQueueFull::Above)
            .filter(|above| helps(SynQueueFull::AtOrAbove) == Some(*above)),
    }
}

/// Whether the settings that limit the queue satisfy a condition.
fn is_limited(trial: &TrialView<'_>, by: impl Fn(ListenLimit) -> bool) -> bool {
    trial.first_listen().is_some_and(by)
}

/// Whether the three-quarters rule dropped SYNs.
fn by_rule(trial: &TrialView<'_>) -> bool {
    three_quarters(trial) > 0
}

fn dropped_by_limit(trials: &TrialSet<'_>) -> Option<Sentence> {
    let limit = trials.range(|trial| trial.syn_queue_limit().map(u64::from))?;
    let by = match trials.sysctls(|trial| trial.server_sysctl(MAX_SYN_BACKLOG)) {
        Some(values) => format!(", not {MAX_SYN_BACKLOG} ({values})"),
        None => String::new(),
    };
    let seen = trials.most_in("syn_recv");
    let seen = seen.map_or(String::new(), |most| format!("; up to {most} were seen in SYN_RECV"));
    let text = format!(
        "With {COOKIES} 0 it silently dropped {} ({QUEUE_FULL}){}; its limit is that of the accept \
         queue, min(backlog, {}), here {limit}{by}{seen}.",
        several(trials.server(QUEUE_FULL), "SYN"),
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

/// The listener's SYN queue, according to the settings in force and the kernel's rule.
pub(crate) fn queue(trial: &TrialView<'_>) -> Option<SynQueue> {
    queue_by(trial, trial.syn_queue_full()?)
}

fn queue_by(trial: &TrialView<'_>, full: SynQueueFull) -> Option<SynQueue> {
    Some(SynQueue {
        limit: trial.syn_queue_limit()?,
        max_syn_backlog: trial.server_sysctl(MAX_SYN_BACKLOG)?.trim().parse().ok()?,
        cookies: Cookies::from_sysctl(trial.server_number(COOKIES)?),
        full,
        peers_are_proven: false,
    })
}
