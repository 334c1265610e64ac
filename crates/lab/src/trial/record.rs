//! Last stage: the trial's record.

use jiff::Timestamp;
use linux_net::Counter;
use run_record::{Evidence, QueuePeak, TrialRecord, facts};
use serde_json::json;

use super::context::TrialContext;
use super::join::JoinedTrial;
use super::judge::Judged;
use super::observe::Observed;
use super::output::TrialOutput;
use super::testbed::ClosedTestbed;
use crate::metrics;
use crate::server::ServerEnd;
use crate::simulated::SimulatedTrial;
use crate::usage_window::RunDelays;

/// When a trial ran.
pub(super) struct Timing {
    pub(super) started: Timestamp,
    /// From its start to its last measurement, by the trial's clock.
    pub(super) seconds: f64,
}

/// Creates the record of a trial, and evaluates the scenario's expectations on it.
pub(super) fn record(
    trial: &TrialContext<'_>,
    timing: Timing,
    testbed: ClosedTestbed,
    observed: Observed,
    joined: JoinedTrial,
    judged: Judged,
) -> TrialOutput {
    let settings = &trial.cell.settings;
    let Observed { loaded, probed, end, usage, restart, post_load_seconds, .. } = observed;
    let load = &loaded.report;
    let report = end.report();
    let program = match &end {
        ServerEnd::Program(program) => Some(program.as_ref().clone()),
        ServerEnd::Stopped(_) | ServerEnd::Died { .. } => None,
    };
    let (simulated, simulated_at_pace, not_simulated) = match judged.simulated {
        Ok(SimulatedTrial::FromAccepts(simulated)) => (Some(simulated), None, None),
        Ok(SimulatedTrial::AtPace(simulated)) => (None, Some(simulated), None),
        Err(reason) => (None, None, Some(reason)),
    };
    let delays = RunDelays {
        load_seconds: load.run_delay_seconds,
        accept_seconds: report.and_then(|report| report.metrics.accept_run_delay_seconds),
    };
    let disturbance = usage.and_then(|usage| usage.disturbance(delays, trial.thresholds));
    let mut laws = judged.laws;
    if let Some(disturbance) = &disturbance {
        for law in &mut laws.checks {
            law.held = law.held.filter(|_| disturbance.decides_law(law));
        }
    }
    let rows = joined.attempts.rows;
    let (probe, accept_pace) = probed.ok().map(|probe| (probe.report, probe.accept_pace)).unzip();
    let timeline = joined.timeline;
    let overflows = joined.server.get(Counter::ListenOverflows.name()).max(0).cast_unsigned();
    // A sum over the queues of several destinations would be no queue's depth.
    let has_one = joined.destinations.is_empty();
    let deepest_queue = has_one
        .then(|| QueuePeak::new(probe.as_ref(), &timeline, judged.queue.as_ref(), overflows))
        .flatten();
    let mut record = TrialRecord {
        id: trial.planned.id,
        cell: trial.cell.index as u32,
        repetition: trial.planned.repetition,
        retry: trial.planned.retry,
        point: trial.cell.point.clone(),
        started: timing.started,
        duration_seconds: timing.seconds,
        overhead_seconds: timing.seconds - loaded.seconds - post_load_seconds,
        attempts: u64::from(settings.load.clients),
        destinations: joined.destinations,
        incomplete_by: metrics::incomplete_by(&rows),
        incomplete_causes: load.incomplete_causes.clone(),
        ok_first_try: metrics::ok_first_try(&rows),
        syn_retransmits: metrics::syn_retransmits(&rows),
        rates: metrics::rates(load, report, &joined.outcomes, &settings.load),
        connect_latency: load.connect_latency,
        connect_histogram: Some(metrics::connect_histogram(&rows)),
        delivery_latency: load.delivery_latency,
        response_latency: load.response_latency,
        response_histogram: metrics::response_histogram(load),
        send_lateness: load.send_lateness,
        integrity: load.integrity,
        unframed: load.unframed.clone(),
        standalone: None,
        undelivered: load.undelivered,
        errors: load.errors.clone(),
        evidence: Evidence {
            server: joined.server.changes,
            client: joined.client.changes,
            accept_queue: loaded.accept_queue(),
            probe,
            deepest_queue,
            left: Some(loaded.left),
            ledger: joined.ledger,
            accept_pace: accept_pace.flatten(),
        },
        accept_wait: metrics::accept_wait(&rows),
        accept_interval: metrics::accept_interval(&rows),
        held_bytes: loaded.held_bytes,
        restart,
        simulated,
        simulated_at_pace,
        not_simulated,
        sysctls: testbed.sysctls,
        accepted: joined.accepted.map(|accepted| accepted as u64),
        server: report.map(|report| report.metrics.clone()),
        program,
        server_died: joined.died,
        load: load.usage,
        load_use: metrics::load_use(load, &settings.load),
        disturbance,
        laws: laws.checks,
        laws_not_applied: laws.not_applied,
        expectations: Vec::new(),
        invariants: judged.invariants,
        outcomes: joined.outcomes,
    };
    let mut facts = facts(&record);
    facts["hosts"] = json!(settings.hosts);
    facts["server"] = json!(settings.server);
    facts["load"] = json!(settings.load);
    facts["after"] = json!(settings.after);
    let disturbance = record.disturbance.as_ref();
    record.expectations = metrics::checks(trial.expectations.evaluate(&facts), disturbance);
    TrialOutput { record, attempts: rows, timeline }
}
