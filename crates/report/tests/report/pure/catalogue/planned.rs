//! Runs of the catalogue's scenarios with given measurements.

use std::path::Path;

use report::Run;
use run_record::{Axis, Check, Outcome, RunRecord, TrialRecord};
use scenario::{AnyKernel, Document, Overrides, Plan};

use crate::runs::load_run;

/// The plan of a scenario of the catalogue.
pub(crate) fn plan(name: &str, overrides: &Overrides) -> Plan {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../scenarios/{name}.yaml"));
    let Document::Scenario(file) = scenario::load(path.to_str().unwrap()).unwrap() else {
        panic!("{name} is a suite");
    };
    file.plan(overrides, &AnyKernel).unwrap_or_else(|errors| panic!("{errors:?}"))
}

/// A full run of a scenario in which every trial measured what `measure` sets. Every expectation
/// held, or did not apply if `measure` sets it to that.
pub(crate) fn run(name: &str, measure: impl FnMut(&mut TrialRecord)) -> Run {
    run_of(&plan(name, &Overrides::default()), measure)
}

/// As [`run`], with a plan.
pub(crate) fn run_of(plan: &Plan, measure: impl FnMut(&mut TrialRecord)) -> Run {
    let (record, trials) = records_of(plan, measure);
    Run::new(record, trials)
}

/// The records of [`run_of`].
pub(crate) fn records_of(
    plan: &Plan,
    mut measure: impl FnMut(&mut TrialRecord),
) -> (RunRecord, Vec<TrialRecord>) {
    let (record, recorded) = load_run("sweep");
    let blank = blank(&recorded[0], plan);
    let repeat = plan.scenario.repeat.get();
    let mut trials = Vec::new();
    for cell in &plan.cells {
        for repetition in 0..repeat {
            let mut trial = TrialRecord {
                id: cell.index as u32 * repeat + repetition,
                cell: cell.index as u32,
                repetition,
                point: cell.point.clone(),
                attempts: cell.settings.load.clients.into(),
                ..blank.clone()
            };
            trial.outcomes = (0..trial.attempts).map(|_| Outcome::Ok).collect();
            measure(&mut trial);
            trials.push(trial);
        }
    }
    (record_of(record, plan, trials.len()), trials)
}

/// The record of a run of a plan.
fn record_of(mut record: RunRecord, plan: &Plan, trials: usize) -> RunRecord {
    record.scenario.name.clone_from(&plan.scenario.name);
    record.scenario.question.clone_from(&plan.scenario.question);
    record.scenario.resolved = plan.resolved.clone();
    let axes = plan.axes.iter();
    record.axes =
        axes.map(|axis| Axis { path: axis.path.clone(), values: axis.values.clone() }).collect();
    record.planned_trials = trials as u32;
    record.verdict = None;
    record
}

/// A recorded trial without what was measured in it.
fn blank(recorded: &TrialRecord, plan: &Plan) -> TrialRecord {
    let mut blank = recorded.clone();
    blank.laws.clear();
    blank.laws_not_applied.clear();
    blank.syn_retransmits.clear();
    blank.accept_wait = Default::default();
    blank.delivery_latency = Default::default();
    blank.simulated = None;
    let expectations = plan.scenario.expect.iter();
    blank.expectations = expectations
        .map(|expectation| Check {
            name: expectation.that.clone(),
            held: Some(true),
            detail: String::new(),
        })
        .collect();
    blank
}

/// The value of a trial on an axis as text.
pub(crate) fn at<'a>(trial: &'a TrialRecord, axis: &str) -> &'a serde_json::Value {
    let found = trial.point.iter().find(|(path, _)| path.ends_with(axis));
    found.unwrap_or_else(|| panic!("no axis {axis}")).1
}

/// Lets an expectation be decided only if it applies.
pub(crate) fn applies(trial: &mut TrialRecord, expression: &str, applies: bool) {
    let check = trial.expectations.iter_mut().find(|check| check.name == expression);
    check.unwrap_or_else(|| panic!("no expectation {expression}")).held = applies.then_some(true);
}
