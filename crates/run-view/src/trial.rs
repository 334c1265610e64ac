//! A trial as reports read it.

use std::collections::BTreeMap;
use std::num::NonZeroU8;
use std::sync::Arc;

use indexmap::IndexMap;
use linux_net::Counter;
use run_record::{
    AcceptQueue, DestinationRecord, Disturbance, EndedBy, ExecutionId, LatencySummary,
    LawNotApplied, LedgerEvidence, LeftSockets, LoadUse, Outcome, OutcomeCounts, PaceSimulation,
    QueuePeak, Rates, ResourceUsage, Restart, ServerMetrics, SysctlValues, TrialRecord,
};
use serde_json::Value;

use crate::counters::Counters;
use crate::law::Law;
use crate::probe::Probe;
use crate::program::Program;
use crate::shared::Shared;

/// What reports need of a [`TrialRecord`], in about a tenth of its memory: a run can have a
/// hundred thousand of them.
///
/// What is the same in many trials is shared: values on the axes, sysctls, texts of laws, and
/// checks of laws and expectations with the same results. The histograms are in
/// [`Cell::connects`](crate::Cell::connects) and [`Cell::responses`](crate::Cell::responses), the results of invariants are in
/// [`Run::verdict`](crate::Run::verdict). Names are those of the record.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields of `TrialRecord` describe them")]
pub struct Trial {
    pub id: u32,
    pub cell: u32,
    pub repetition: u32,
    pub retry: u32,
    pub point: Arc<IndexMap<String, Value>>,
    pub duration_seconds: f64,
    pub attempts: u64,
    pub outcomes: OutcomeCounts,
    pub destinations: Box<[DestinationRecord]>,
    pub incomplete_by: Arc<BTreeMap<EndedBy, u64>>,
    pub incomplete_causes: Arc<BTreeMap<String, u64>>,
    pub ok_first_try: u64,
    pub syn_retransmits: Arc<BTreeMap<u32, u64>>,
    pub rates: Rates,
    pub connect_latency: LatencySummary,
    pub delivery_latency: LatencySummary,
    pub response_latency: LatencySummary,
    pub send_lateness: LatencySummary,
    pub undelivered: u64,
    pub errors: BTreeMap<String, u64>,
    pub evidence: Evidence,
    pub accept_wait: LatencySummary,
    pub held_bytes: Option<u64>,
    pub restart: Option<Arc<Restart>>,
    /// Attempts that the server accepted in the simulated trial; `None` if it was not simulated.
    pub simulated_accepts: Option<u64>,
    /// The trial simulated at a pace.
    pub simulated_at_pace: Option<Arc<PaceSimulation>>,
    pub not_simulated: Option<Arc<str>>,
    pub sysctls: Arc<SysctlValues>,
    pub accepted: Option<u64>,
    /// [`TrialRecord::known_accepts`].
    pub known_accepts: Option<u64>,
    pub server: Option<Arc<ServerMetrics>>,
    pub program: Option<Arc<Program>>,
    pub server_died: Option<Arc<str>>,
    pub load: ResourceUsage,
    pub load_use: Option<BusiestThread>,
    pub disturbance: Option<Arc<Disturbance>>,
    pub laws: Arc<[Law]>,
    /// Without their details.
    pub expectations: Arc<[Expectation]>,
    pub laws_not_applied: Arc<[LawNotApplied]>,
}

/// How busy the busiest thread of the load was, in a fifth of the memory of a
/// [`LoadUse`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the fields of `LoadUse` describe them")]
pub struct BusiestThread {
    pub share: f32,
    pub may_be_limit: bool,
    pub more_threads: Option<NonZeroU8>,
}

/// The result of an expectation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Expectation {
    /// Its expression.
    pub name: Arc<str>,
    /// Whether it held; `None` if the trial does not decide it.
    pub held: Option<bool>,
}

/// Evidence from the kernel.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the fields of `run_record::Evidence` describe them")]
pub struct Evidence {
    pub server: Counters,
    pub client: Counters,
    pub accept_queue: Option<AcceptQueue>,
    pub probe: Option<Arc<Probe>>,
    pub deepest_queue: Option<QueuePeak>,
    pub left: Option<LeftSockets>,
    pub ledger: Option<Arc<LedgerEvidence>>,
}

impl Trial {
    pub(crate) fn new(record: TrialRecord, shared: &mut Shared) -> Self {
        let known_accepts = record.known_accepts();
        let point = shared.point(record.cell, record.point);
        let laws = shared.laws(record.cell, record.laws);
        let evidence = record.evidence;
        Self {
            id: record.id,
            cell: record.cell,
            repetition: record.repetition,
            retry: record.retry,
            point,
            duration_seconds: record.duration_seconds,
            attempts: record.attempts,
            outcomes: record.outcomes,
            destinations: record.destinations.into(),
            incomplete_by: shared.ends(record.incomplete_by),
            incomplete_causes: shared.causes(record.incomplete_causes),
            ok_first_try: record.ok_first_try,
            syn_retransmits: shared.retransmits(record.syn_retransmits),
            rates: record.rates,
            connect_latency: record.connect_latency,
            delivery_latency: record.delivery_latency,
            response_latency: record.response_latency,
            send_lateness: record.send_lateness,
            undelivered: record.undelivered,
            errors: record.errors,
            evidence: Evidence {
                server: Counters::new(&evidence.server),
                client: Counters::new(&evidence.client),
                accept_queue: evidence.accept_queue,
                probe: evidence.probe.map(|probe| Arc::new(Probe::new(probe, shared))),
                deepest_queue: evidence.deepest_queue,
                left: evidence.left,
                ledger: evidence.ledger.map(Arc::new),
            },
            accept_wait: record.accept_wait,
            held_bytes: record.held_bytes,
            restart: record.restart.map(Arc::new),
            simulated_accepts: record.simulated.map(|simulated| simulated.accepted),
            simulated_at_pace: record.simulated_at_pace.map(Arc::new),
            not_simulated: record.not_simulated.map(|reason| shared.text(&reason)),
            sysctls: shared.sysctls(record.sysctls),
            accepted: record.accepted,
            known_accepts,
            server: record.server.map(Arc::new),
            program: record.program.map(|program| Arc::new(Program::new(program))),
            server_died: record.server_died.map(|status| shared.text(&status)),
            load: record.load,
            load_use: record.load_use.as_ref().map(BusiestThread::new),
            disturbance: record.disturbance.map(Arc::new),
            laws,
            expectations: shared.expectations(&record.expectations),
            laws_not_applied: shared.not_applied(record.laws_not_applied),
        }
    }

    /// Its identity among all executions of the run.
    pub fn execution_id(&self) -> ExecutionId {
        ExecutionId { trial: self.id, retry: self.retry }
    }

    /// `ok` ÷ attempts.
    pub fn success_rate(&self) -> f64 {
        self.outcomes.get(Outcome::Ok) as f64 / self.attempts.max(1) as f64
    }

    /// The deepest that the queue was: at least, and at most if that is known. None if the load
    /// had several destinations, whose queues have nothing in common.
    pub fn deepest_queue(&self) -> Option<(u32, Option<u32>)> {
        if !self.destinations.is_empty() {
            return None;
        }
        let Evidence { deepest_queue, probe, .. } = &self.evidence;
        let known = deepest_queue.map(|peak| (peak.at_least, peak.at_most));
        known.or_else(|| probe.as_ref().map(|probe| (probe.deepest, Some(probe.deepest))))
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
        self.disturbance.as_ref().is_some_and(|disturbance| disturbance.is_disturbed())
    }
}

impl BusiestThread {
    fn new(of: &LoadUse) -> Self {
        let more = of.more_threads.and_then(|threads| u8::try_from(threads).ok());
        Self {
            share: of.busiest_share as f32,
            may_be_limit: of.may_be_limit,
            more_threads: more.and_then(NonZeroU8::new),
        }
    }
}

impl Evidence {
    /// The increase of a counter of the server's host.
    pub fn at_server(&self, counter: Counter) -> u64 {
        self.server.increase(counter)
    }

    /// The increase of a counter of the client's host.
    pub fn at_client(&self, counter: Counter) -> u64 {
        self.client.increase(counter)
    }
}
