//! Beliefs about the two queues.

use linux_net::{Counter, Sysctl};
use run_record::Outcome;

use crate::causes::cookies::overflowed;
use crate::causes::syn_queue;
use crate::trials::TrialSet;
use crate::words::{counted, several};
use run_view::TrialView;

const OVERFLOWS: Counter = Counter::ListenOverflows;
const DROPS: Counter = Counter::ListenDrops;
const SYN_QUEUE_DROPS: Counter = Counter::TcpReqQFullDrop;

/// A backlog of N holds N + 1.
pub(super) fn backlog(all: &TrialSet<'_>) -> Option<String> {
    let full = |case: &TrialView<'_>| {
        let one_more = case.limit().map(|limit| u64::from(limit) + 1);
        case.server(OVERFLOWS) > 0 && case.deepest().map(u64::from) == one_more
    };
    let full = all.some_that(full)?;
    Some(format!(
        "the full queue held {}{}, one more than its limit of {} (Send-Q of the listener): the kernel \
         asks whether more than the limit are queued, not whether as many are.",
        full.range(|case| case.deepest().map(u64::from))?,
        full.place(),
        full.range(|case| case.limit().map(u64::from))?,
    ))
}

/// The listener's limit sizes the SYN queue.
pub(super) fn max_syn_backlog(all: &TrialSet<'_>) -> Option<String> {
    let maximum = |case: &TrialView<'_>| case.server_number(Sysctl::TcpMaxSynBacklog);
    let refused = |case: &TrialView<'_>| {
        let with_cookies = case.server(Counter::TcpReqQFullDoCookies);
        case.server(SYN_QUEUE_DROPS).saturating_add(with_cookies)
    };
    // What was full with less than that in it is sized by something else.
    let smaller = |case: &TrialView<'_>| {
        let cookies = case.server_sysctl(Sysctl::TcpSyncookies);
        let (maximum, queue) = (maximum(case)?, syn_queue::queue(case)?);
        Some(cookies != Some("2") && u64::from(maximum) > queue.capacity())
    };
    let full = all.some_that(|case| refused(case) > 0 && smaller(case) == Some(true))?;
    Some(format!(
        "tcp_max_syn_backlog was {}, and the SYN queue was full for {}{}: it holds {}, by the limit \
         of the listener; tcp_max_syn_backlog acts only without cookies, at about ¾ of its value.",
        full.sysctls(|case| case.server_sysctl(Sysctl::TcpMaxSynBacklog))?,
        several(full.sum(refused), "SYN"),
        full.place(),
        full.range(|case| Some(syn_queue::queue(case)?.capacity()))?,
    ))
}

/// SYNs are dropped first.
pub(super) fn last_acks(all: &TrialSet<'_>) -> Option<String> {
    // With no other drop, who was never answered lost SYNs to the accept queue.
    let syns = |case: &TrialView<'_>| {
        let alone = case.server(OVERFLOWS) > 0 && case.server(OVERFLOWS) == case.server(DROPS);
        alone && case.half_open() == 0 && case.timed_out() > 0
    };
    let cases = all.some_that(syns)?;
    Some(format!(
        "{} never had an answer to a SYN{}, and every drop is one of the accept queue's \
         (ListenOverflows and ListenDrops are both {}): it drops SYNs.",
        several(cases.sum(TrialView::timed_out), "attempt"),
        cases.place(),
        counted(cases.sum(|case| case.server(OVERFLOWS))),
    ))
}

/// Nobody is refused.
pub(super) fn refused(all: &TrialSet<'_>) -> Option<String> {
    let silent = |case: &TrialView<'_>| {
        let dropped = case.server(OVERFLOWS) > 0 && case.ended(Outcome::Refused) == 0;
        dropped && case.half_open() == 0 && (case.timed_out() > 0 || case.waited() > 0)
    };
    let cases = all.some_that(silent)?;
    Some(format!(
        "it was full for {}{}, and 0 of {} were refused; {} heard nothing until they timed out.",
        several(cases.sum(|case| case.server(OVERFLOWS)), "segment"),
        cases.place(),
        several(cases.sum(TrialView::clients), "attempt"),
        counted(cases.sum(TrialView::timed_out)),
    ))
}

/// Cookies do nothing for the accept queue.
pub(super) fn cookies(all: &TrialSet<'_>) -> Option<String> {
    let cases = all.some_that(|case| overflowed(case))?;
    Some(format!(
        "with cookies at work{} (SyncookiesSent {}), ListenOverflows still counted {}: the accept \
         queue is asked for every SYN, cookie or not.",
        cases.place(),
        counted(cases.sum(|case| case.server(Counter::SyncookiesSent))),
        counted(cases.sum(|case| case.server(OVERFLOWS))),
    ))
}

/// Drops are more than overflows.
pub(super) fn drops(all: &TrialSet<'_>) -> Option<String> {
    let cases = all.some_that(|case| case.server(DROPS) > case.server(OVERFLOWS))?;
    let sum = |name| cases.sum(|case| case.server(name));
    let (drops, overflows) = (sum(DROPS), sum(OVERFLOWS));
    let by_rule = cases.sum(syn_queue::three_quarters);
    let rest = match (sum(SYN_QUEUE_DROPS), by_rule) {
        (0, 0) => "other drops of the listener".to_owned(),
        (full, 0) => {
            format!("SYNs that found the SYN queue full (TCPReqQFullDrop {})", counted(full))
        }
        (0, rule) => format!("SYNs that fell to tcp_max_syn_backlog's ¾ rule ({})", counted(rule)),
        (full, rule) => format!(
            "SYNs that found the SYN queue full (TCPReqQFullDrop {}), or fell to \
             tcp_max_syn_backlog's ¾ rule ({})",
            counted(full),
            counted(rule)
        ),
    };
    Some(format!(
        "ListenDrops is {} and ListenOverflows {}{}: the first counts the second's too, and also \
         {rest}.",
        counted(drops),
        counted(overflows),
        cases.place(),
    ))
}
