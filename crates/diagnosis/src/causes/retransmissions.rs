//! Connects that waited for a retransmitted SYN.

use std::collections::BTreeSet;
use std::time::Duration;

use linux_net::{Counter, Sysctl};
use queue_model::timer::TOLERANCE;
use run_record::Outcome;
use run_view::TrialView;

use super::timeouts;
use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::statement::{Cause, Statement};
use crate::trials::{TrialSet, waited};
use crate::words::{self, counted, retransmission_times, several};

/// The longest time from a SYN to its answer, not counting the timer's lateness.
const MAX_ANSWER_TIME: Duration = Duration::from_millis(200);

/// The most retransmission times that are listed.
const MAX_TIMES: usize = 7;

const LINEAR: Sysctl = Sysctl::TcpSynLinearTimeouts;
const RTO_MAX: Sysctl = Sysctl::TcpRtoMaxMs;

/// The default of [`RTO_MAX`], milliseconds.
const DEFAULT_RTO_MAX: &str = "120000";
const RETRANSMITTED: Counter = Counter::TcpSynRetrans;
const DROPS: Counter = Counter::ListenDrops;
const DEFERRED: Counter = Counter::TcpDeferAcceptDrop;

/// Why connects took whole seconds.
pub(super) const CAUSE: Cause = Cause {
    leads: &[
        Statement {
            needs: |trial| waited(trial) && ok_late(trial) > 0,
            claims: &[Claim::SynRetransmitted, Claim::Ended(Outcome::Ok)],
            text: |_, _| {
                Some("Connects that took whole seconds waited for a SYN retransmission.".into())
            },
        },
        Statement {
            needs: waited,
            claims: &[Claim::SynRetransmitted],
            text: |_, _| Some("Clients retransmitted their SYN without success.".into()),
        },
    ],
    statements: &[
        Statement {
            needs: |trial| waited(trial) && trial.server(DROPS) > 0,
            claims: &[Claim::SynRetransmitted, Claim::ServerCounted(DROPS)],
            text: |waited, _| {
                retransmitted(waited, "A SYN is dropped silently, so the client retransmits it")
            },
        },
        Statement {
            needs: lost_syn_ack,
            claims: &[
                Claim::SynRetransmitted,
                Claim::ServerCountedNone(DROPS),
                Claim::ServerCounted(RETRANSMITTED),
            ],
            text: |waited, _| {
                let start = format!(
                    "The server's kernel dropped nothing ({DROPS} is 0) and retransmitted {} \
                     ({RETRANSMITTED}): its answers, or the last ACKs, were lost or late on the way, and \
                     the client retransmits its SYN",
                    several(waited.server(RETRANSMITTED), "SYN-ACK")
                );
                retransmitted(waited, &start)
            },
        },
        Statement {
            needs: |trial| {
                let no_drop = waited(trial) && trial.server_counted_none(DROPS);
                no_drop && !lost_syn_ack(trial)
            },
            claims: &[Claim::SynRetransmitted, Claim::ServerCountedNone(DROPS)],
            text: |waited, _| {
                let start = format!(
                    "No queue of the server dropped a segment ({DROPS} is 0): SYNs or their answers \
                     were lost on the way, or took longer than the client's timer; it retransmits a SYN"
                );
                retransmitted(waited, &start)
            },
        },
        Statement {
            needs: |trial| waited(trial) && !trial.has_server_counters(),
            claims: &[Claim::SynRetransmitted],
            text: |waited, _| {
                let start = "A SYN without an answer in time is retransmitted by the client (the \
                             server's counters are not known here)";
                retransmitted(waited, start)
            },
        },
        Statement {
            needs: |trial| waited(trial) && ok_late(trial) > 0,
            claims: &[Claim::SynRetransmitted, Claim::Ended(Outcome::Ok)],
            text: |late, _| slowest(late),
        },
        timeouts::GIVEN_UP,
        timeouts::NO_ROOM,
    ],
};

/// Whether it was the server's answer that did not arrive. A SYN-ACK is also retransmitted for
/// half-open clients, which drop it, for last ACKs that a filter holds, and at the end of a
/// deferral.
fn lost_syn_ack(trial: &TrialView<'_>) -> bool {
    let is_expected = trial.half_open() > 0 || trial.holds_acks() || trial.server(DEFERRED) > 0;
    let no_drop = waited(trial) && trial.server_counted_none(DROPS);
    no_drop && trial.server(RETRANSMITTED) > 0 && !is_expected
}

/// How many attempts retransmitted their SYN, and when.
fn retransmitted(waited: &TrialSet<'_>, start: &str) -> Option<Sentence> {
    let attempts = waited.sum(TrialView::retransmitting_attempts);
    let ladders: BTreeSet<_> = waited
        .iter()
        .filter_map(|trial| {
            let linear = trial.client_sysctl(LINEAR).unwrap_or("0");
            Some(((linear, lower_rto_max(trial)), trial.syn_retry()?.retransmits))
        })
        .collect();
    // Ladders with the same timeouts differ only in length: the longest contains all.
    let mut longest: Vec<_> = Vec::new();
    for (timeouts, ladder) in ladders {
        match longest.last_mut() {
            Some((kind, longer)) if *kind == timeouts => *longer = ladder,
            _ => longest.push((timeouts, ladder)),
        }
    }
    let mut names = [LINEAR.name()].into_iter().chain(std::iter::repeat("it"));
    let written: Vec<_> = longest
        .iter()
        .zip(&mut names)
        .map(|(((linear, rto_max), ladder), name)| {
            let times = retransmission_times(ladder, MAX_TIMES);
            let bound = rto_max.map_or(String::new(), |rto_max| format!(" ({RTO_MAX} {rto_max})"));
            format!("after {times} where {name} is {linear}{bound}")
        })
        .collect();
    let text = format!(
        "{start} by its own timer, {}: {} did{} ({RETRANSMITTED} {} at the client), and {} of them \
         ended ok.",
        words::listed(&written)?,
        several(attempts, "attempt"),
        waited.place(),
        counted(waited.client(RETRANSMITTED)),
        counted(waited.sum(ok_late)),
    );
    Some(text.into())
}

/// The tcp_rto_max_ms in force, if it is not the default, which bounds no usual gap.
fn lower_rto_max<'a>(trial: &TrialView<'a>) -> Option<&'a str> {
    trial.client_sysctl(RTO_MAX).map(str::trim).filter(|&longest| longest != DEFAULT_RTO_MAX)
}

/// Attempts that ended ok after a retransmission.
fn ok_late(trial: &TrialView<'_>) -> u64 {
    trial
        .attempts_with(Outcome::Ok)
        .saturating_sub(trial.record.ok_first_try)
        .min(trial.retransmitting_attempts())
}

/// The slowest connect, if it waited for a retransmission.
fn slowest(late: &TrialSet<'_>) -> Option<Sentence> {
    let slowest = late.iter().max_by_key(|trial| trial.record.connect_latency.max_ns)?;
    let took = Duration::from_nanos(slowest.record.connect_latency.max_ns);
    let ladder = slowest.syn_retry()?;
    let at = ladder.retransmits.iter().rev().find(|&&at| at <= took)?;
    let answered = took <= at.mul_f64(1.0 + TOLERANCE) + MAX_ANSWER_TIME;
    answered.then(|| {
        let text = format!(
            "The slowest successful connect took {}: the SYN retransmitted after {} was answered.",
            words::seconds(took.as_secs_f64()),
            words::duration(*at),
        );
        text.into()
    })
}
