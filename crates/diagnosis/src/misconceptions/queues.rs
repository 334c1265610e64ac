//! Misconceptions about the two queues.

use linux_net::{Counter, Sysctl};
use run_record::Outcome;
use run_view::TrialView;

use crate::causes::accept_queue::caused_every_drop;
use crate::causes::cookies::overflowed;
use crate::causes::syn_queue;
use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::Statement;
use crate::trials::TrialSet;
use crate::words::{counted, several, short_name};

const OVERFLOWS_COUNTER: Counter = Counter::ListenOverflows;
const DROPS_COUNTER: Counter = Counter::ListenDrops;
const SYN_QUEUE_DROPS: Counter = Counter::TcpReqQFullDrop;
const WITH_COOKIES: Counter = Counter::TcpReqQFullDoCookies;

/// A backlog of N holds N + 1.
pub(super) const BACKLOG: &[Statement] = &[Statement {
    needs: |trial| {
        let one_more = trial.limit().map(|limit| u64::from(limit) + 1);
        trial.server(OVERFLOWS_COUNTER) > 0 && trial.max_depth().map(u64::from) == one_more
    },
    claims: &[Claim::ServerCounted(OVERFLOWS_COUNTER)],
    text: |full, _| {
        let text = format!(
            "the full queue held {}{}, one more than its limit of {} (Send-Q of the listener): the kernel \
             checks whether more than the limit are queued, not whether as many are.",
            full.range(|trial| trial.max_depth().map(u64::from))?,
            full.place(),
            full.range(|trial| trial.limit().map(u64::from))?,
        );
        Some(text.into())
    },
}];

/// The listener's limit sizes the SYN queue.
pub(super) const MAX_SYN_BACKLOG: &[Statement] = &[Statement {
    needs: |trial| refused(trial) > 0 && is_limited_by_listener(trial) == Some(true),
    claims: &[],
    text: |full, _| {
        let maximum = short_name(Sysctl::TcpMaxSynBacklog.name());
        let text = format!(
            "{maximum} was {}, and the SYN queue was full for {}{}: it holds {}, because of the \
             listener's limit; {maximum} acts only without cookies, at about ¾ of its value.",
            full.sysctls(|trial| trial.server_sysctl(Sysctl::TcpMaxSynBacklog))?,
            several(full.sum(refused), "SYN"),
            full.place(),
            full.range(|trial| Some(syn_queue::queue(trial)?.capacity()))?,
        );
        Some(text.into())
    },
}];

/// SYNs that found the SYN queue full.
fn refused(trial: &TrialView<'_>) -> u64 {
    trial.server(SYN_QUEUE_DROPS).saturating_add(trial.server(WITH_COOKIES))
}

/// Whether the queue is limited by the listener's limit, and to less than
/// tcp_max_syn_backlog.
fn is_limited_by_listener(trial: &TrialView<'_>) -> Option<bool> {
    let maximum = trial.server_number(Sysctl::TcpMaxSynBacklog)?;
    let queue = syn_queue::queue(trial)?;
    let cookies = trial.server_number(Sysctl::TcpSyncookies)?;
    let by_listener = queue_model::syn_queue::SynQueue { peers_are_proven: true, ..queue };
    let is_listeners = queue.capacity() == by_listener.capacity();
    Some(cookies != 2 && is_listeners && u64::from(maximum) > queue.capacity())
}

/// SYNs are dropped first.
pub(super) const LAST_ACKS: &[Statement] = &[Statement {
    // Without any other drop, an unanswered attempt lost its SYNs to the accept queue.
    needs: |trial| {
        let one_each = trial.server(OVERFLOWS_COUNTER) >= trial.timed_out();
        let timed_out = trial.timed_out() > 0 && trial.half_open() == 0;
        caused_every_drop(trial) && timed_out && one_each
    },
    claims: &[
        Claim::ServerCounted(OVERFLOWS_COUNTER),
        Claim::ServerCounted(DROPS_COUNTER),
        Claim::Ended(Outcome::TimedOut),
    ],
    text: |trials, _| {
        let text = format!(
            "{} got no answer to any SYN{}, and the accept queue caused every drop ({} and {} are both \
             {}): it drops SYNs.",
            trials.timed_out(),
            trials.place(),
            short_name(OVERFLOWS_COUNTER.name()),
            short_name(DROPS_COUNTER.name()),
            counted(trials.server(OVERFLOWS_COUNTER)),
        );
        Some(text.into())
    },
}];

/// No client is refused.
pub(super) const REFUSED: &[Statement] = &[Statement {
    needs: |trial| {
        let dropped =
            trial.server(OVERFLOWS_COUNTER) > 0 && trial.attempts_with(Outcome::Refused) == 0;
        dropped
            && trial.half_open() == 0
            && (trial.timed_out() > 0 || trial.retransmitting_attempts() > 0)
    },
    claims: &[Claim::ServerCounted(OVERFLOWS_COUNTER), Claim::NoneEnded(Outcome::Refused)],
    text: |trials, _| {
        let text = format!(
            "it was full for {}{}, and 0 of {} were refused; {} got no answer until they timed out.",
            several(trials.server(OVERFLOWS_COUNTER), "segment"),
            trials.place(),
            several(trials.sum(TrialView::clients), "attempt"),
            counted(trials.sum(TrialView::timed_out)),
        );
        Some(text.into())
    },
}];

/// Cookies do nothing for the accept queue.
pub(super) const COOKIES: &[Statement] = &[Statement {
    needs: overflowed,
    claims: &[Claim::ServerCounted(OVERFLOWS_COUNTER)],
    text: |trials, _| {
        let text = format!(
            "with cookies in use{} ({} {}), {} still counted {}: the kernel tests \
             the accept queue for every SYN, with or without a cookie.",
            trials.place(),
            short_name(Counter::SyncookiesSent.name()),
            counted(trials.server(Counter::SyncookiesSent)),
            short_name(OVERFLOWS_COUNTER.name()),
            counted(trials.server(OVERFLOWS_COUNTER)),
        );
        Some(text.into())
    },
}];

/// Drops are more than overflows.
pub(super) const DROPS: &[Statement] = &[Statement {
    needs: |trial| trial.server(DROPS_COUNTER) > trial.server(OVERFLOWS_COUNTER),
    claims: &[Claim::ServerCounted(DROPS_COUNTER)],
    text: |trials, _| drops(trials),
}];

fn drops(trials: &TrialSet<'_>) -> Option<Sentence> {
    let (drops, overflows) = (trials.server(DROPS_COUNTER), trials.server(OVERFLOWS_COUNTER));
    let (full, by_rule) = (trials.server(SYN_QUEUE_DROPS), trials.sum(syn_queue::three_quarters));
    let max_syn_backlog = short_name(Sysctl::TcpMaxSynBacklog.name());
    let others = (drops - overflows).saturating_sub(full.saturating_add(by_rule));
    let kinds: Vec<_> = [
        (full > 0).then(|| {
            let queue_full = short_name(SYN_QUEUE_DROPS.name());
            format!("SYNs that found the SYN queue full ({queue_full} {})", counted(full))
        }),
        (by_rule > 0).then(|| {
            format!("SYNs that {max_syn_backlog}'s ¾ rule dropped ({})", counted(by_rule))
        }),
        (others > 0).then(|| format!("other drops of the listener ({})", counted(others))),
    ]
    .into_iter()
    .flatten()
    .collect();
    let drops_name = short_name(DROPS_COUNTER.name());
    let text = format!(
        "{drops_name} is {} and {} {}{}: {drops_name} includes every overflow, and also \
         {}.",
        counted(drops),
        short_name(OVERFLOWS_COUNTER.name()),
        counted(overflows),
        trials.place(),
        crate::words::listed(&kinds)?,
    );
    Some(text.into())
}
