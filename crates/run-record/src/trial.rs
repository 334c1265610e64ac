//! A line of `trials.jsonl`: the results of one trial.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::Timestamp;
use linux_net::Counter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use worker::metrics::{
    AcceptPace, AcceptQueue, EndedBy, Integrity, LatencyHistogram, LatencySummary, ProbeSummary,
    ProgramReport, ResourceUsage, ServerMetrics, UnframedAnswer,
};

use crate::destination::DestinationRecord;
use crate::disturbance::Disturbance;
use crate::execution_id::ExecutionId;
use crate::law::LawCheck;
use crate::law::LawNotApplied;
use crate::law::read_checks;
use crate::ledger::LedgerEvidence;
use crate::load_use::LoadUse;
use crate::outcome::OutcomeCounts;
use crate::queue_peak::QueuePeak;
use crate::simulated::{PaceSimulation, Simulated};
use crate::standalone::StandaloneView;
use crate::sysctl_values::SysctlValues;
use crate::violation::{CheckKind, Violation};

/// The results of one trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialRecord {
    /// The trial's number in the plan, independent of the order.
    pub id: u32,
    /// Its cell.
    pub cell: u32,
    /// Its repetition of that cell, from 0.
    pub repetition: u32,
    /// The number of the retry, from 1, of a trial that had not held; 0 for the first run.
    #[serde(default, skip_serializing_if = "is_first")]
    pub retry: u32,
    /// The cell's value on every axis.
    pub point: IndexMap<String, Value>,
    /// When it started.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// The time from the creation of its testbed to its end, seconds.
    pub duration_seconds: f64,
    /// The part of that time outside the load, the server's work for it, and the scenario's
    /// steps after the load, seconds.
    pub overhead_seconds: f64,
    /// Attempted connections.
    pub attempts: u64,
    /// How they ended.
    pub outcomes: OutcomeCounts,
    /// What happened at each destination; empty if all attempts went to the same address, and in
    /// older records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<DestinationRecord>,
    /// Who ended the incomplete attempts; empty in older records, and if there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub incomplete_by: BTreeMap<EndedBy, u64>,
    /// Why attempts did not get the answers of the load's dialogue, such as `HTTP 503`; empty in
    /// older records, and if there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub incomplete_causes: BTreeMap<String, u64>,
    /// Attempts that ended `ok` without any SYN retransmission.
    pub ok_first_try: u64,
    /// The number of attempts by their SYN retransmissions, until they connected or were
    /// given up.
    pub syn_retransmits: BTreeMap<u32, u64>,
    /// The rates.
    pub rates: Rates,
    /// From connect(2) to ESTABLISHED, only established attempts.
    pub connect_latency: LatencySummary,
    /// The histogram of these latencies; none in older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_histogram: Option<LatencyHistogram>,
    /// From a message's intended send time to its delivery.
    pub delivery_latency: LatencySummary,
    /// From a request's intended start to the end of its answer, only expected answers; empty in
    /// older records, and if the load's dialogue has no requests.
    #[serde(default)]
    pub response_latency: LatencySummary,
    /// The histogram of these latencies; none in older records, and if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_histogram: Option<LatencyHistogram>,
    /// How late the generator wrote, compared with its schedule.
    pub send_lateness: LatencySummary,
    /// Errors of the deliveries.
    pub integrity: Integrity,
    /// Data from the peer that was not in the load's framing, or not the expected answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unframed: Option<UnframedAnswer>,
    /// What a standalone load knows; none in a testbed, where both sides report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standalone: Option<StandaloneView>,
    /// Outstanding deliveries at the finish deadline: lost or late.
    pub undelivered: u64,
    /// Failed system calls of the load, by errno name.
    pub errors: BTreeMap<String, u64>,
    /// Evidence from the kernel.
    pub evidence: Evidence,
    /// From connect(2) to accept(2), only accepted attempts.
    #[serde(default)]
    pub accept_wait: LatencySummary,
    /// Between two accept(2) calls while connections wait; empty in older records.
    #[serde(default)]
    pub accept_interval: LatencySummary,
    /// Bytes that the clients had written when the server started to accept; none if it
    /// accepted from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_bytes: Option<u64>,
    /// The restart of the server, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
    /// The simulated trial, given the instants at which the server accepted, or that a stopped
    /// one accepted nothing; none if it cannot be simulated so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<Simulated>,
    /// The simulated trial of a server that does not list its accepts, given how fast the
    /// kernel showed it to accept; none if it cannot be simulated so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated_at_pace: Option<PaceSimulation>,
    /// Why the trial is not simulated; none if it is, and in older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_simulated: Option<String>,
    /// The sysctls of the scenario, as read back in both hosts.
    pub sysctls: SysctlValues,
    /// Connections that the server accepted; none if it died before it reported them, and
    /// for a standalone load.
    pub accepted: Option<u64>,
    /// The server's metrics; none if it died before it reported them, and for a standalone
    /// load.
    pub server: Option<ServerMetrics>,
    /// The program that was the server, if it was not the lab's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<ProgramReport>,
    /// The signal or exit code with which the server ended before it was stopped.
    pub server_died: Option<String>,
    /// The resource usage of the load's process.
    pub load: ResourceUsage,
    /// How busy the load's threads were in the chat or the requests; none if there were none, and in
    /// older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load_use: Option<LoadUse>,
    /// What else the machine did meanwhile; none if it was not recorded: before schema
    /// version 4, of a standalone load, and if the machine does not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disturbance: Option<Disturbance>,
    /// The laws that apply to this cell, predicted before the trial.
    #[serde(deserialize_with = "read_checks")]
    pub laws: Vec<LawCheck>,
    /// The laws that concern this cell but do not apply, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub laws_not_applied: Vec<LawNotApplied>,
    /// The scenario's expectations.
    pub expectations: Vec<Check>,
    /// Checks that must hold in every trial.
    pub invariants: Vec<Check>,
}

impl TrialRecord {
    /// Its identity among all executions of the run.
    pub fn execution_id(&self) -> ExecutionId {
        ExecutionId { trial: self.id, retry: self.retry }
    }

    /// Attempts that the server accepted: as it reported, or as the kernel showed of each
    /// established one; none if that is not known of all.
    pub fn known_accepts(&self) -> Option<u64> {
        let shown = || {
            let ledger = self.evidence.ledger.as_ref().filter(|ledger| ledger.unknown == 0);
            ledger.map(|ledger| ledger.accepted)
        };
        self.accepted.or_else(shown)
    }

    /// `ok` ÷ attempts.
    pub fn success_rate(&self) -> f64 {
        self.outcomes.get(crate::outcome::Outcome::Ok) as f64 / self.attempts.max(1) as f64
    }

    /// `ok` without any SYN retransmission ÷ attempts.
    pub fn first_try_rate(&self) -> f64 {
        self.ok_first_try as f64 / self.attempts.max(1) as f64
    }

    /// The attempts that retransmitted their SYN.
    pub fn retransmitting_attempts(&self) -> u64 {
        self.syn_retransmits.range(1..).map(|(_, &attempts)| attempts).fold(0, u64::saturating_add)
    }

    /// Whether the rest of the machine disturbed it: then its rates, shares and times are no
    /// finding, but its exact laws and its invariants are.
    pub fn is_disturbed(&self) -> bool {
        self.disturbance.as_ref().is_some_and(Disturbance::is_disturbed)
    }

    /// Whether every invariant, law and expectation held.
    pub fn held(&self) -> bool {
        self.violations().next().is_none()
    }

    /// The checks that failed: invariants, then expectations, then laws.
    pub fn violations(&self) -> impl Iterator<Item = Violation> {
        let invariants = self.invariants.iter().map(|check| (CheckKind::Invariant, check));
        let expectations = self.expectations.iter().map(|check| (CheckKind::Expectation, check));
        let checks = invariants
            .chain(expectations)
            .filter(|(_, check)| check.held == Some(false))
            .map(|(kind, check)| Violation {
                kind,
                name: check.name.clone(),
                detail: check.detail.clone(),
            });
        let laws = self.laws.iter().filter(|law| law.held == Some(false)).map(|law| {
            let measured = law.measured.map_or("nothing".to_owned(), |value| value.to_string());
            let allowed = law.latest.map_or(String::new(), |latest| format!(", at most {latest}"));
            let detail = format!("predicted {}{allowed}, measured {measured}", law.predicted);
            Violation { kind: CheckKind::Law, name: law.title.clone(), detail }
        });
        checks.chain(laws)
    }
}

/// Whether it is the first run.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_first(retry: &u32) -> bool {
    *retry == 0
}

/// The rates, over one window: from the first written message to the last one that was
/// written, read by the server or delivered, or from the first request to the last answer. The window includes waits for SYN
/// retransmissions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rates {
    /// The window's length, seconds; 0 when nothing was written.
    pub window_seconds: f64,
    /// Messages per second that the clients wrote.
    pub offered: f64,
    /// Messages per second that the server read; none if it died, and for a standalone
    /// load.
    pub ingested: Option<f64>,
    /// Deliveries per second at clients.
    pub delivered: f64,
    /// Expected answers to requests per second, in a dialogue that has them.
    #[serde(default)]
    pub responses: f64,
    /// Messages that the clients wrote.
    pub messages_written: u64,
    /// Messages that the server read; none if it died, and for a standalone load.
    pub messages_ingested: Option<u64>,
    /// Deliveries at clients.
    pub deliveries: u64,
    /// The metric of the original benchmark: messages of the successful clients ÷ time from
    /// the first connect to the end of the slowest client, per second.
    pub original_throughput: f64,
}

/// Evidence from the kernel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Changes of counters of the server's host, after minus before; empty for a standalone
    /// load.
    pub server: BTreeMap<String, i64>,
    /// Changes of counters of the client's host, after minus before.
    pub client: BTreeMap<String, i64>,
    /// The accept queue when every attempt was decided; if several listeners share the
    /// port, the sum of their depths, with the limit of each. None if the load had several
    /// destinations, whose queues are in [`TrialRecord::destinations`].
    pub accept_queue: Option<AcceptQueue>,
    /// A summary of the probe in the server's host; none without a probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeSummary>,
    /// The deepest accept queue, by everything that was observed of it; none in older records,
    /// for a standalone load, and if the load had several destinations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deepest_queue: Option<QueuePeak>,
    /// What the clients left at the server's host; none in older records, and for a
    /// standalone load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<LeftSockets>,
    /// What the kernel showed of accepts; none unless the scenario records it
    /// (`record.ledger`) or the server does not list its accepts, and in older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<LedgerEvidence>,
    /// How fast the server accepted while connections waited, by the kernel's counts; none
    /// without a ledger, and if the queue was never known to hold connections all the time
    /// from one sample to the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_pace: Option<AcceptPace>,
}

/// Sockets of the server's host after the load: when the last client had left and the server
/// was idle, or `load.finish_deadline` had passed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftSockets {
    /// In CLOSE_WAIT: the client has closed, and no process of the server's host has.
    pub close_wait: u32,
    /// In the accept queue, closed by their clients or not.
    pub queued: u32,
}

impl Evidence {
    /// The increase of a counter of the server's host.
    pub fn at_server(&self, counter: Counter) -> u64 {
        increase(&self.server, counter)
    }

    /// The increase of a counter of the client's host.
    pub fn at_client(&self, counter: Counter) -> u64 {
        increase(&self.client, counter)
    }
}

fn increase(changes: &BTreeMap<String, i64>, counter: Counter) -> u64 {
    changes.get(counter.name()).map_or(0, |&change| change.max(0).cast_unsigned())
}

/// The restart of a server on its port.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Restart {
    /// The time from the last client's end until the new server listened, seconds; none if
    /// it did not in time.
    pub seconds: Option<f64>,
    /// The time from the last client's end until the last failed start, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_refused_seconds: Option<f64>,
    /// The number of failed starts.
    pub refused: u32,
    /// The error of the last failed start.
    pub refusal: Option<String>,
}

/// An invariant or expectation, and whether it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// The invariant's name, or the expectation's expression.
    pub name: String,
    /// None if it does not apply to this cell, or the trial was disturbed and does not decide
    /// it.
    pub held: Option<bool>,
    /// The compared values, or why the check matters.
    pub detail: String,
}
