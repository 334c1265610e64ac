//! Misconceptions about the two queues.

use linux_net::{Counter, Sysctl};
use run_record::Outcome;

use crate::causes::cookies::overflowed;
use crate::causes::syn_queue;
use crate::trials::TrialSet;
use crate::words::{counted, several, short_name};
use run_view::TrialView;

const OVERFLOWS: Counter = Counter::ListenOverflows;
const DROPS: Counter = Counter::ListenDrops;
const SYN_QUEUE_DROPS: Counter = Counter::TcpReqQFullDrop;

/// A backlog of N holds N + 1.
pub(super) fn backlog(all: &TrialSet<'_>) -> Option<String> {
    let full = |trial: &TrialView<'_>| {
        let one_more = trial.limit().map(|limit| u64::from(limit) + 1);
        trial.server(OVERFLOWS) > 0 && trial.max_depth().map(u64::from) == one_more
    };
    let full = all.filter_some(full)?;
    Some(format!(
        "the full queue held {}{}, one more than its limit of {} (Send-Q of the listener): the kernel \
         checks whether more than the limit are queued, not whether as many are.",
        full.range(|trial| trial.max_depth().map(u64::from))?,
        full.place(),
        full.range(|trial| trial.limit().map(u64::from))?,
    ))
}

/// The listener's limit sizes the SYN queue.
pub(super) fn max_syn_backlog(all: &TrialSet<'_>) -> Option<String> {
    let maximum = |trial: &TrialView<'_>| trial.server_number(Sysctl::TcpMaxSynBacklog);
    let refused = |trial: &TrialView<'_>| {
        let with_cookies = trial.server(Counter::TcpReqQFullDoCookies);
        trial.server(SYN_QUEUE_DROPS).saturating_add(with_cookies)
    };
    // A queue that was full with fewer entries is limited by another setting.
    let smaller = |trial: &TrialView<'_>| {
        let cookies = trial.server_sysctl(Sysctl::TcpSyncookies);
        let (maximum, queue) = (maximum(trial)?, syn_queue::queue(trial)?);
        Some(cookies != Some("2") && u64::from(maximum) > queue.capacity())
    };
    let full = all.filter_some(|trial| refused(trial) > 0 && smaller(trial) == Some(true))?;
    let maximum = short_name(Sysctl::TcpMaxSynBacklog.name());
    Some(format!(
        "{maximum} was {}, and the SYN queue was full for {}{}: it holds {}, because of the \
         listener's limit; {maximum} acts only without cookies, at about ¾ of its value.",
        full.sysctls(|trial| trial.server_sysctl(Sysctl::TcpMaxSynBacklog))?,
        several(full.sum(refused), "SYN"),
        full.place(),
        full.range(|trial| Some(syn_queue::queue(trial)?.capacity()))?,
    ))
}

/// SYNs are dropped first.
pub(super) fn last_acks(all: &TrialSet<'_>) -> Option<String> {
    // Without any other drop, an unanswered attempt lost its SYNs to the accept queue.
    let syns = |trial: &TrialView<'_>| {
        let only_overflows =
            trial.server(OVERFLOWS) > 0 && trial.server(OVERFLOWS) == trial.server(DROPS);
        only_overflows && trial.half_open() == 0 && trial.timed_out() > 0
    };
    let trials = all.filter_some(syns)?;
    Some(format!(
        "{} got no answer to any SYN{}, and the accept queue caused every drop ({} and {} are both \
         {}): it drops SYNs.",
        several(trials.sum(TrialView::timed_out), "attempt"),
        trials.place(),
        short_name(OVERFLOWS.name()),
        short_name(DROPS.name()),
        counted(trials.sum(|trial| trial.server(OVERFLOWS))),
    ))
}

/// No client is refused.
pub(super) fn refused(all: &TrialSet<'_>) -> Option<String> {
    let silent = |trial: &TrialView<'_>| {
        let dropped = trial.server(OVERFLOWS) > 0 && trial.attempts_with(Outcome::Refused) == 0;
        dropped
            && trial.half_open() == 0
            && (trial.timed_out() > 0 || trial.retransmitting_attempts() > 0)
    };
    let trials = all.filter_some(silent)?;
    Some(format!(
        "it was full for {}{}, and 0 of {} were refused; {} got no answer until they timed out.",
        several(trials.sum(|trial| trial.server(OVERFLOWS)), "segment"),
        trials.place(),
        several(trials.sum(TrialView::clients), "attempt"),
        counted(trials.sum(TrialView::timed_out)),
    ))
}

/// Cookies do nothing for the accept queue.
pub(super) fn cookies(all: &TrialSet<'_>) -> Option<String> {
    let trials = all.filter_some(|trial| overflowed(trial))?;
    Some(format!(
        "with cookies in use{} ({} {}), {} still counted {}: the kernel tests \
         the accept queue for every SYN, with or without a cookie.",
        trials.place(),
        short_name(Counter::SyncookiesSent.name()),
        counted(trials.sum(|trial| trial.server(Counter::SyncookiesSent))),
        short_name(OVERFLOWS.name()),
        counted(trials.sum(|trial| trial.server(OVERFLOWS))),
    ))
}

/// Drops are more than overflows.
pub(super) fn drops(all: &TrialSet<'_>) -> Option<String> {
    let trials = all.filter_some(|trial| trial.server(DROPS) > trial.server(OVERFLOWS))?;
    let sum = |name| trials.sum(|trial| trial.server(name));
    let (drops, overflows) = (sum(DROPS), sum(OVERFLOWS));
    let by_rule = trials.sum(syn_queue::three_quarters);
    let queue_full = short_name(SYN_QUEUE_DROPS.name());
    let max_syn_backlog = short_name(Sysctl::TcpMaxSynBacklog.name());
    let rest = match (sum(SYN_QUEUE_DROPS), by_rule) {
        (0, 0) => "other drops of the listener".to_owned(),
        (full, 0) => {
            format!("SYNs that found the SYN queue full ({queue_full} {})", counted(full))
        }
        (0, rule) => format!("SYNs that {max_syn_backlog}'s ¾ rule dropped ({})", counted(rule)),
        (full, rule) => format!(
            "SYNs that found the SYN queue full ({queue_full} {}) or that {max_syn_backlog}'s ¾ \
             rule dropped ({})",
            counted(full),
            counted(rule)
        ),
    };
    let drops_name = short_name(DROPS.name());
    Some(format!(
        "{drops_name} is {} and {} {}{}: {drops_name} includes every overflow, and also \
         {rest}.",
        counted(drops),
        short_name(OVERFLOWS.name()),
        counted(overflows),
        trials.place(),
    ))
}
