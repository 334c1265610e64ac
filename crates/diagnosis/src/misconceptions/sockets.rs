//! Misconceptions about timers, connects and closed sockets.

use linux_net::{Counter, Sysctl};
use run_record::{Outcome, StateSummary};
use run_view::TrialView;

use crate::causes::deferral::waited;
use crate::causes::resets::by_overflow;
use crate::causes::restart::{came_up, options, times_refused};
use crate::causes::time_wait::{orphan_times, orphaned};
use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::Statement;
use crate::trials::TrialSet;
use crate::words::{counted, nanoseconds, seconds, several, short_name};

/// The shortest wait for accept(2) that shows a deferral, nanoseconds.
const MIN_DEFERRED_NS: u64 = 500_000_000;

/// tcp_fin_timeout affects only FIN_WAIT_2.
pub(super) const FIN_TIMEOUT: &[Statement] = &[Statement {
    // A timer is never late by as much as its own time.
    needs: |trial| {
        let timeout = trial.server_number(Sysctl::TcpFinTimeout);
        let longer = |(lasted, timeout): (f64, u32)| lasted > (2.0 * f64::from(timeout)).max(1.0);
        time_wait_seconds(trial).zip(timeout).is_some_and(longer)
    },
    claims: &[Claim::Observed("time_wait")],
    text: |trials, all| fin_timeout(trials, all),
}];

fn fin_timeout(trials: &TrialSet<'_>, all: &TrialSet<'_>) -> Option<Sentence> {
    let time_wait = trials.spread(time_wait_seconds)?;
    let orphans = all.filter_some(|trial| orphaned(trial).is_some());
    let orphans = orphans
        .and_then(|trials| orphan_times(&trials))
        .map_or(String::new(), |time| format!("; it ends orphans in FIN_WAIT_2: after {time}"));
    let text = format!(
        "with {} {}, TIME_WAIT lasted {}{}.",
        short_name(Sysctl::TcpFinTimeout.name()),
        trials.sysctls(|trial| trial.server_sysctl(Sysctl::TcpFinTimeout))?,
        seconds(time_wait.max),
        orphans,
    );
    Some(text.into())
}

fn time_wait_seconds(trial: &TrialView<'_>) -> Option<f64> {
    trial.state("time_wait")?.duration_seconds()
}

fn in_time_wait(trial: &TrialView<'_>) -> u32 {
    trial.state("time_wait").map_or(0, |seen: StateSummary| seen.most)
}

/// The old socket needs SO_REUSEADDR too.
pub(super) const REUSE_ADDRESS: &[Statement] = &[
    Statement {
        needs: |trial| {
            let only_new = options(trial) == (false, true);
            times_refused(trial) > 0 && only_new && in_time_wait(trial) > 0
        },
        claims: &[Claim::Observed("time_wait")],
        text: |trials, _| {
            let times = several(trials.sum(times_refused), "time");
            let text = format!(
                "the restarted server had it but was refused {times}{}, because the previous server had \
                 not: both sockets need it, and TIME_WAIT continues.",
                trials.place()
            );
            Some(text.into())
        },
    },
    Statement {
        needs: |trial| {
            let at_once = times_refused(trial) == 0 && came_up(trial).is_some();
            at_once && options(trial) == (true, true) && in_time_wait(trial) > 0
        },
        claims: &[Claim::Observed("time_wait")],
        text: |allowed, _| {
            let text = format!(
                "it only let the new server bind(2){} while {} stayed in TIME_WAIT.",
                allowed.place(),
                several(allowed.sum(|trial| in_time_wait(trial).into()), "socket"),
            );
            Some(text.into())
        },
    },
];

/// tcp_tw_reuse affects only outgoing connects.
pub(super) const TW_REUSE: &[Statement] = &[
    Statement {
        needs: |trial| trial.client(Counter::TwRecycled) > 0 && trial.has_server_counters(),
        claims: &[Claim::ClientCounted(Counter::TwRecycled)],
        text: |trials, _| {
            let text = format!(
                "{} counted {} at the client, which connects, and {} at the server{}: it lets an \
                 outgoing connect reuse a port in TIME_WAIT.",
                short_name(Counter::TwRecycled.name()),
                counted(trials.client(Counter::TwRecycled)),
                counted(trials.server(Counter::TwRecycled)),
                trials.place(),
            );
            Some(text.into())
        },
    },
    Statement {
        needs: |trial| {
            let waits = in_time_wait(trial) > 0;
            trial.server_number(Sysctl::TcpTwReuse) == Some(1) && waits && times_refused(trial) > 0
        },
        claims: &[Claim::ServerSysctl(Sysctl::TcpTwReuse, 1), Claim::Observed("time_wait")],
        text: |at_server, _| {
            let text = format!(
                "the server's host had {} 1, and bind(2) refused the server {}{}: it affects only \
                 outgoing connects.",
                short_name(Sysctl::TcpTwReuse.name()),
                several(at_server.sum(times_refused), "time"),
                at_server.place(),
            );
            Some(text.into())
        },
    },
];

/// connect(2) shows nothing about the server.
pub(super) const CONNECT_SUCCEEDED: &[Statement] = &[
    Statement {
        needs: |trial| {
            let unknown = trial.attempts_with(Outcome::Phantom) > 0 || by_overflow(trial);
            let connected = trial.record.connect_latency.count;
            unknown && trial.record.accepted.is_some_and(|accepted| accepted < connected)
        },
        claims: &[],
        text: |trials, _| {
            let text = format!(
                "{} connected{}, and the server accepted {}.",
                several(trials.sum(|trial| trial.record.connect_latency.count), "client"),
                trials.place(),
                counted(trials.sum(|trial| trial.record.accepted.unwrap_or(0)))
            );
            Some(text.into())
        },
    },
    Statement {
        needs: |trial| late(trial).is_some(),
        claims: &[Claim::ServerCounted(Counter::TcpDeferAcceptDrop)],
        text: |trials, _| {
            let longest = trials.iter().filter_map(late).max()?;
            let connected = trials.iter().map(|trial| trial.record.connect_latency.max_ns).max()?;
            let text = format!(
                "connect(2) took at most {}{}, and accept(2) returned its socket up to {} later (median of a \
                 trial).",
                nanoseconds(connected),
                trials.place(),
                nanoseconds(longest)
            );
            Some(text.into())
        },
    },
];

/// How long a deferred connection waited, if longer than its connect.
fn late(trial: &TrialView<'_>) -> Option<u64> {
    let deferred = trial.server(Counter::TcpDeferAcceptDrop) > 0;
    let connected = trial.record.connect_latency.max_ns;
    waited(trial).filter(|&ns| deferred && ns >= MIN_DEFERRED_NS && ns > connected)
}

/// Linear timeouts precede the doubling ones.
pub(super) const LADDER: &[Statement] = &[Statement {
    needs: |trial| {
        let made = u64::from(trial.max_retransmits());
        let linear = trial.client_sysctl(Sysctl::TcpSynLinearTimeouts);
        let is_linear =
            linear.is_some_and(|linear| linear.trim().parse::<u8>().is_ok_and(|n| n > 0));
        is_linear && by_doubling(trial).is_some_and(|doubling| made > doubling)
    },
    claims: &[],
    text: |trials, _| {
        let trial = trials.iter().max_by_key(|trial| trial.max_retransmits())?;
        let text = format!(
            "a SYN was retransmitted {}; with gaps that double from 1\u{a0}s on it would have been {}: with \
             {} {} the first gaps are a second each and only the next \
             ones double (those of the server's SYN-ACK all double).",
            several(trial.max_retransmits().into(), "time"),
            counted(by_doubling(trial)?),
            Sysctl::TcpSynLinearTimeouts,
            trial.client_sysctl(Sysctl::TcpSynLinearTimeouts)?,
        );
        Some(text.into())
    },
}];

/// Retransmissions that an attempt of this trial would have made if each timeout were
/// twice the previous one, up to the tcp_rto_max_ms in force.
fn by_doubling(trial: &TrialView<'_>) -> Option<u64> {
    let deadline = trial.duration("load.connect_deadline")?;
    let ladder = trial.syn_retry_after(0)?;
    Some(ladder.retransmits.iter().filter(|&&at| at <= deadline).count() as u64)
}
