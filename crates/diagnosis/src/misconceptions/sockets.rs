//! Beliefs about timers, connects, and what closed sockets leave.

use linux_net::{Counter, Sysctl};
use queue_model::syn_retry::SynRetry;
use run_record::{Outcome, StateSummary};

use crate::causes::deferral::waited;
use crate::causes::resets::by_overflow;
use crate::causes::restart::{came_up, options, times_refused};
use crate::causes::time_wait::{orphaned, orphans_stood};
use crate::trials::TrialSet;
use crate::words::{counted, nanoseconds, seconds, several};
use run_view::TrialView;

/// A wait for accept(2) that is none of the queue's own, nanoseconds.
const DEFERRED_NS: u64 = 500_000_000;

/// tcp_fin_timeout is about FIN_WAIT_2.
pub(super) fn fin_timeout(all: &TrialSet<'_>) -> Option<String> {
    let timeout = |case: &TrialView<'_>| case.server_number(Sysctl::TcpFinTimeout);
    // Twice as long as the sysctl is no lateness of a timer.
    let longer = |case: &TrialView<'_>| {
        let stood = case.state("time_wait").and_then(|seen| seen.stood_seconds())?;
        Some(stood > 2.0 * f64::from(timeout(case)?))
    };
    let cases = all.some_that(|case| longer(case) == Some(true))?;
    let stood =
        cases.spread(|case| case.state("time_wait").and_then(|seen| seen.stood_seconds()))?;
    let orphans = all.some_that(|case| orphaned(case).is_some());
    let orphans = orphans.and_then(|cases| orphans_stood(&cases)).map_or(String::new(), |stood| {
        format!("; it is FIN_WAIT_2 without an owner that it ends: after {stood}")
    });
    Some(format!(
        "with tcp_fin_timeout {}, TIME_WAIT stood for {}{}.",
        cases.sysctls(|case| case.server_sysctl(Sysctl::TcpFinTimeout))?,
        seconds(stood.max),
        orphans,
    ))
}

/// SO_REUSEADDR has to be on the old socket, too.
pub(super) fn reuse_address(all: &TrialSet<'_>) -> Option<String> {
    let stood =
        |case: &TrialView<'_>| case.state("time_wait").map_or(0, |seen: StateSummary| seen.most);
    let in_vain = all.some_that(|case| times_refused(case) > 0 && options(case) == (false, true));
    if let Some(cases) = in_vain {
        let times = several(cases.sum(|case| times_refused(case)), "time");
        return Some(format!(
            "the restarted server had it, and was refused {times}{}, because the server before it had \
             not: both sockets need it, and TIME_WAIT runs on.",
            cases.place()
        ));
    }
    let beside = all.some_that(|case| {
        let at_once = times_refused(case) == 0 && came_up(case).is_some();
        at_once && options(case) == (true, true) && stood(case) > 0
    })?;
    Some(format!(
        "it only let the new server bind(2){} beside {} that stayed in TIME_WAIT.",
        beside.place(),
        several(beside.sum(|case| stood(case).into()), "socket"),
    ))
}

/// tcp_tw_reuse is about outgoing connects.
pub(super) fn tw_reuse(all: &TrialSet<'_>) -> Option<String> {
    let recycled = |case: &TrialView<'_>| case.client(Counter::TwRecycled);
    if let Some(cases) = all.some_that(|case| recycled(case) > 0) {
        return Some(format!(
            "TWRecycled counted {} at the client, which connects, and {} at the server{}: it lets an \
             outgoing connect take a port out of TIME_WAIT.",
            counted(cases.sum(recycled)),
            counted(cases.sum(|case| case.server(Counter::TwRecycled))),
            cases.place(),
        ));
    }
    let at_server = all.some_that(|case| {
        case.server_sysctl(Sysctl::TcpTwReuse) == Some("1") && times_refused(case) > 0
    })?;
    Some(format!(
        "the server's host had tcp_tw_reuse 1, and bind(2) refused the server {}{}: it is about \
         outgoing connects.",
        several(at_server.sum(|case| times_refused(case)), "time"),
        at_server.place(),
    ))
}

/// connect(2) tells nothing of the server.
pub(super) fn connect_succeeded(all: &TrialSet<'_>) -> Option<String> {
    let unheard = |case: &TrialView<'_>| case.ended(Outcome::Phantom) > 0 || by_overflow(case);
    if let Some(cases) = all.some_that(unheard) {
        let connected = cases.sum(|case| case.trial.connect_latency.count);
        let accepted = cases.sum(|case| case.trial.accepted.unwrap_or(0));
        return Some(format!(
            "{} connected{}, and the server accepted {}.",
            several(connected, "client"),
            cases.place(),
            counted(accepted)
        ));
    }
    let late = |case: &TrialView<'_>| {
        let deferred = case.server(Counter::TcpDeferAcceptDrop) > 0;
        waited(case).filter(|&ns| deferred && ns >= DEFERRED_NS)
    };
    let cases = all.some_that(|case| late(case).is_some())?;
    let longest = cases.iter().filter_map(late).max()?;
    let connected = cases.iter().map(|case| case.trial.connect_latency.max_ns).max()?;
    Some(format!(
        "connect(2) took at most {}{}, and accept(2) had a socket for it up to {} later (median of a \
         trial).",
        nanoseconds(connected),
        cases.place(),
        nanoseconds(longest)
    ))
}

/// The linear timeouts come first.
pub(super) fn ladder(all: &TrialSet<'_>) -> Option<String> {
    let (case, made, doubling) = all
        .iter()
        .filter_map(|case| Some((case, case.most_retransmits(), by_doubling(case)?)))
        .filter(|&(_, made, doubling)| u64::from(made) > doubling)
        .max_by_key(|&(_, made, _)| made)?;
    let linear = case.client_sysctl(Sysctl::TcpSynLinearTimeouts)?;
    Some(format!(
        "a SYN was sent again {} where gaps that double from 1\u{a0}s on come to {}: with \
         net.ipv4.tcp_syn_linear_timeouts {linear} the first are a second each, and only then they \
         double (those of the server's SYN-ACK do from the first).",
        several(made.into(), "time"),
        counted(doubling),
    ))
}

/// Retransmissions that an attempt of this trial would have made, had each
/// timeout been twice the one before.
fn by_doubling(case: &TrialView<'_>) -> Option<u64> {
    let retries = case.client_sysctl(Sysctl::TcpSynRetries)?.trim().parse().ok()?;
    let deadline = case.duration("load.connect_deadline")?;
    let ladder = SynRetry::new(retries, 0);
    Some(ladder.retransmits.iter().filter(|&&at| at <= deadline).count() as u64)
}
