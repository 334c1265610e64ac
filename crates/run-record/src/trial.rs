//! One line of `trials.jsonl`: what one trial found.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use jiff::Timestamp;
use linux_net::Counter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use worker::metrics::{
    AcceptQueue, Integrity, LatencySummary, ProbeSummary, ResourceUsage, ServerMetrics,
};

use crate::law::read_checks;
use crate::{
    CheckKind, ExecutionId, LatencyHistogram, LawCheck, LawNotApplied, OutcomeCounts, SysctlValues,
    Violation,
};

/// Everything that one trial found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrialRecord {
    /// The trial's number in the plan; stable whatever the order.
    pub id: u32,
    /// Its cell.
    pub cell: u32,
    /// Its repetition of that cell, from 0.
    pub repetition: u32,
    /// Which time it was run again, from 1, as it had not held before; 0 the
    /// first time.
    #[serde(default, skip_serializing_if = "is_first")]
    pub retry: u32,
    /// The cell's place on every axis.
    pub point: IndexMap<String, Value>,
    /// When it began.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// From the making of its testbed to its end, seconds.
    pub duration_seconds: f64,
    /// The part of that in which neither its load was running nor the server
    /// was still busy with it, nor what the scenario does after the load, seconds.
    pub overhead_seconds: f64,
    /// Connections tried.
    pub attempts: u64,
    /// How they ended.
    pub outcomes: OutcomeCounts,
    /// Attempts that ended `ok` without any SYN retransmission.
    pub ok_first_try: u64,
    /// Attempts by the number of SYN retransmissions that they needed, or had
    /// made when they were given up.
    pub syn_retransmits: BTreeMap<u32, u64>,
    /// The three rates.
    pub rates: Rates,
    /// From connect(2) to ESTABLISHED, established attempts alone.
    pub connect_latency: LatencySummary,
    /// The same attempts, by how long each took; none in records of before it
    /// was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_histogram: Option<LatencyHistogram>,
    /// From a message's intended send time to its delivery.
    pub delivery_latency: LatencySummary,
    /// How late the generator itself wrote, against its own schedule.
    pub send_lateness: LatencySummary,
    /// What was wrong with the deliveries.
    pub integrity: Integrity,
    /// Deliveries still owed when the finish deadline struck: lost, or late.
    pub undelivered: u64,
    /// Failed system calls of the load, by errno name.
    pub errors: BTreeMap<String, u64>,
    /// What the kernel says happened.
    pub evidence: Evidence,
    /// From connect(2) to accept(2), accepted attempts alone.
    #[serde(default)]
    pub accept_wait: LatencySummary,
    /// Bytes that the clients had written when the server began to accept;
    /// none where it accepted all along.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_bytes: Option<u64>,
    /// How the server came up again, where it was started again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restart: Option<Restart>,
    /// The trial as the simulator plays it, given the instants at which the
    /// server accepted; none where it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub simulated: Option<Simulated>,
    /// The sysctls asked for, as read back in both hosts.
    pub sysctls: SysctlValues,
    /// Connections that the server accepted; none where its death took its
    /// ledger with it, and where the load was run by hand.
    pub accepted: Option<u64>,
    /// The server's own figures; none where it died before it could give them,
    /// and where the load was run by hand.
    pub server: Option<ServerMetrics>,
    /// The signal or exit code that the server died of, before it was told to
    /// stop.
    pub server_died: Option<String>,
    /// What the load's process used.
    pub load: ResourceUsage,
    /// The laws that decide this cell, predicted before the trial.
    #[serde(deserialize_with = "read_checks")]
    pub laws: Vec<LawCheck>,
    /// The laws that concern this cell but cannot decide it, with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub laws_not_applied: Vec<LawNotApplied>,
    /// The scenario's expectations.
    pub expectations: Vec<Check>,
    /// What must hold in every trial, whatever the figures.
    pub invariants: Vec<Check>,
}

impl TrialRecord {
    /// What tells it from every other try of the run.
    pub fn execution_id(&self) -> ExecutionId {
        ExecutionId { trial: self.id, retry: self.retry }
    }

    /// `ok` ÷ attempts.
    pub fn success_rate(&self) -> f64 {
        self.outcomes.get(crate::Outcome::Ok) as f64 / self.attempts.max(1) as f64
    }

    /// `ok` without any SYN retransmission ÷ attempts.
    pub fn first_try_rate(&self) -> f64 {
        self.ok_first_try as f64 / self.attempts.max(1) as f64
    }

    /// Every invariant, law and expectation held.
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
            let measured = law.measured.map_or("nothing".to_owned(), |figure| figure.to_string());
            let allowed = law.latest.map_or(String::new(), |latest| format!(", at most {latest}"));
            let detail = format!("predicted {}{allowed}, measured {measured}", law.predicted);
            Violation { kind: CheckKind::Law, name: law.title.clone(), detail }
        });
        checks.chain(laws)
    }
}

/// Whether it is no retry.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_first(retry: &u32) -> bool {
    *retry == 0
}

/// The three rates, over one window: from the first message written to the
/// last one written, read by the server or delivered. Where clients waited for
/// a SYN retransmission before they could chat, that wait is in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rates {
    /// The window's length, seconds; 0 when nothing was written.
    pub window_seconds: f64,
    /// Messages that the clients wrote, a second.
    pub offered: f64,
    /// Messages that the server read, a second; none where it died, and where
    /// the load was run by hand.
    pub ingested: Option<f64>,
    /// Deliveries at clients, a second.
    pub delivered: f64,
    /// Messages that the clients wrote.
    pub messages_written: u64,
    /// Messages that the server read; none where it died, and where the load
    /// was run by hand.
    pub messages_ingested: Option<u64>,
    /// Deliveries at clients.
    pub deliveries: u64,
    /// The original benchmark's figure: messages of the successful clients ÷
    /// time from the first connect to the end of the slowest client, a second.
    pub original_throughput: f64,
}

/// What the kernel says happened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Evidence {
    /// Counters of the server's host that changed, after less before; empty
    /// where the load was run by hand.
    pub server: BTreeMap<String, i64>,
    /// Counters of the client's host that changed, after less before.
    pub client: BTreeMap<String, i64>,
    /// The accept queue when every attempt was decided: where several listeners
    /// share the port, the sum of theirs, with the limit of each.
    pub accept_queue: Option<AcceptQueue>,
    /// What the probe saw in the server's host; none where none ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<ProbeSummary>,
}

impl Evidence {
    /// By how much a counter of the server's host rose.
    pub fn at_server(&self, counter: Counter) -> u64 {
        rise(&self.server, counter)
    }

    /// By how much a counter of the client's host rose.
    pub fn at_client(&self, counter: Counter) -> u64 {
        rise(&self.client, counter)
    }
}

fn rise(changes: &BTreeMap<String, i64>, counter: Counter) -> u64 {
    changes.get(counter.name()).map_or(0, |&change| change.max(0).cast_unsigned())
}

/// How a server came up again on its port.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Restart {
    /// From the last client's leaving until another server listened, seconds;
    /// none where none did in time.
    pub seconds: Option<f64>,
    /// From the last client's leaving until the last start in vain, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_refused_seconds: Option<f64>,
    /// How often it was started in vain.
    pub refused: u32,
    /// What the last of those said.
    pub refusal: Option<String>,
}

/// A trial as the simulator plays it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Simulated {
    /// Attempts that the server accepted, those among them that were still
    /// queued when the counters were read.
    pub accepted: u64,
    /// Attempts that gave up.
    pub timed_out: u64,
    /// Attempts by their SYN retransmissions.
    pub syn_retransmits: BTreeMap<u32, u64>,
    /// `TcpExt.ListenOverflows`.
    pub listen_overflows: u64,
    /// `TcpExt.ListenDrops`.
    pub listen_drops: u64,
    /// The most connections queued at once.
    pub deepest: u32,
}

/// An invariant or expectation, and whether it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// The invariant's name, or the expectation's expression.
    pub name: String,
    /// None where it does not apply to this cell.
    pub held: Option<bool>,
    /// The figures behind it, or why it matters.
    pub detail: String,
}
