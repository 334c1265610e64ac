//! Misconceptions about timers, connects and closed sockets.

use linux_net::{Counter, Sysctl};
use queue_model::syn_retry::SynRetry;
use run_record::{Outcome, StateSummary};

use crate::causes::deferral::waited;
use crate::causes::resets::by_overflow;
use crate::causes::restart::{came_up, options, times_refused};
use crate::causes::time_wait::{orphan_times, orphaned};
use crate::trials::TrialSet;
use crate::words::{counted, nanoseconds, seconds, several, short_name};
use run_view::TrialView;

/// The shortest wait for accept(2) that shows a deferral, nanoseconds.
const MIN_DEFERRED_NS: u64 = 500_000_000;

/// tcp_fin_timeout affects only FIN_WAIT_2.
pub(super) fn fin_timeout(all: &TrialSet<'_>) -> Option<String> {
    let timeout = |trial: &TrialView<'_>| trial.server_number(Sysctl::TcpFinTimeout);
    // A timer is never late by as much as its own time.
    let longer = |trial: &TrialView<'_>| {
        let lasted = trial.state("time_wait").and_then(|seen| seen.duration_seconds())?;
        Some(lasted > 2.0 * f64::from(timeout(trial)?))
    };
    let trials = all.filter_some(|trial| longer(trial) == Some(true))?;
    let time_wait =
        trials.spread(|trial| trial.state("time_wait").and_then(|seen| seen.duration_seconds()))?;
    let orphans = all.filter_some(|trial| orphaned(trial).is_some());
    let orphans = orphans
        .and_then(|trials| orphan_times(&trials))
        .map_or(String::new(), |time| format!("; it ends orphans in FIN_WAIT_2: after {time}"));
    Some(format!(
        "with {} {}, TIME_WAIT lasted {}{}.",
        short_name(Sysctl::TcpFinTimeout.name()),
        trials.sysctls(|trial| trial.server_sysctl(Sysctl::TcpFinTimeout))?,
        seconds(time_wait.max),
        orphans,
    ))
}

/// The old socket needs SO_REUSEADDR too.
pub(super) fn reuse_address(all: &TrialSet<'_>) -> Option<String> {
    let in_time_wait =
        |trial: &TrialView<'_>| trial.state("time_wait").map_or(0, |seen: StateSummary| seen.most);
    let refused =
        all.filter_some(|trial| times_refused(trial) > 0 && options(trial) == (false, true));
    if let Some(trials) = refused {
        let times = several(trials.sum(|trial| times_refused(trial)), "time");
        return Some(format!(
            "the restarted server had it but was refused {times}{}, because the previous server had \
             not: both sockets need it, and TIME_WAIT continues.",
            trials.place()
        ));
    }
    let allowed = all.filter_some(|trial| {
        let at_once = times_refused(trial) == 0 && came_up(trial).is_some();
        at_once && options(trial) == (true, true) && in_time_wait(trial) > 0
    })?;
    Some(format!(
        "it only let the new server bind(2){} while {} stayed in TIME_WAIT.",
        allowed.place(),
        several(allowed.sum(|trial| in_time_wait(trial).into()), "socket"),
    ))
}

/// tcp_tw_reuse affects only outgoing connects.
pub(super) fn tw_reuse(all: &TrialSet<'_>) -> Option<String> {
    let recycled = |trial: &TrialView<'_>| trial.client(Counter::TwRecycled);
    if let Some(trials) = all.filter_some(|trial| recycled(trial) > 0) {
        return Some(format!(
            "{} counted {} at the client, which connects, and {} at the server{}: it lets an \
             outgoing connect reuse a port in TIME_WAIT.",
            short_name(Counter::TwRecycled.name()),
            counted(trials.sum(recycled)),
            counted(trials.sum(|trial| trial.server(Counter::TwRecycled))),
            trials.place(),
        ));
    }
    let at_server = all.filter_some(|trial| {
        trial.server_sysctl(Sysctl::TcpTwReuse) == Some("1") && times_refused(trial) > 0
    })?;
    Some(format!(
        "the server's host had {} 1, and bind(2) refused the server {}{}: it affects only \
         outgoing connects.",
        short_name(Sysctl::TcpTwReuse.name()),
        several(at_server.sum(|trial| times_refused(trial)), "time"),
        at_server.place(),
    ))
}

/// connect(2) shows nothing about the server.
pub(super) fn connect_succeeded(all: &TrialSet<'_>) -> Option<String> {
    let unknown_to_server =
        |trial: &TrialView<'_>| trial.attempts_with(Outcome::Phantom) > 0 || by_overflow(trial);
    if let Some(trials) = all.filter_some(unknown_to_server) {
        let connected = trials.sum(|trial| trial.record.connect_latency.count);
        let accepted = trials.sum(|trial| trial.record.accepted.unwrap_or(0));
        return Some(format!(
            "{} connected{}, and the server accepted {}.",
            several(connected, "client"),
            trials.place(),
            counted(accepted)
        ));
    }
    let late = |trial: &TrialView<'_>| {
        let deferred = trial.server(Counter::TcpDeferAcceptDrop) > 0;
        waited(trial).filter(|&ns| deferred && ns >= MIN_DEFERRED_NS)
    };
    let trials = all.filter_some(|trial| late(trial).is_some())?;
    let longest = trials.iter().filter_map(late).max()?;
    let connected = trials.iter().map(|trial| trial.record.connect_latency.max_ns).max()?;
    Some(format!(
        "connect(2) took at most {}{}, and accept(2) returned its socket up to {} later (median of a \
         trial).",
        nanoseconds(connected),
        trials.place(),
        nanoseconds(longest)
    ))
}

/// Linear timeouts precede the doubling ones.
pub(super) fn ladder(all: &TrialSet<'_>) -> Option<String> {
    let (trial, made, doubling) = all
        .iter()
        .filter_map(|trial| Some((trial, trial.max_retransmits(), by_doubling(trial)?)))
        .filter(|&(_, made, doubling)| u64::from(made) > doubling)
        .max_by_key(|&(_, made, _)| made)?;
    let linear = trial.client_sysctl(Sysctl::TcpSynLinearTimeouts)?;
    Some(format!(
        "a SYN was retransmitted {}; with gaps that double from 1\u{a0}s on it would have been {}: with \
         {} {linear} the first gaps are a second each and only the next \
         ones double (those of the server's SYN-ACK all double).",
        several(made.into(), "time"),
        counted(doubling),
        Sysctl::TcpSynLinearTimeouts,
    ))
}

/// Retransmissions that an attempt of this trial would have made if each timeout were
/// twice the previous one.
fn by_doubling(trial: &TrialView<'_>) -> Option<u64> {
    let retries = trial.client_sysctl(Sysctl::TcpSynRetries)?.trim().parse().ok()?;
    let deadline = trial.duration("load.connect_deadline")?;
    let ladder = SynRetry::new(retries, 0);
    Some(ladder.retransmits.iter().filter(|&&at| at <= deadline).count() as u64)
}
