//! The beginning of a run: checks its backend, and creates its record.

use std::sync::atomic::{AtomicBool, Ordering};

use run_record::{
    DisturbanceThresholds, Machine, Overrides, RunRecord, SCHEMA_VERSION, ScenarioRecord,
    SysctlValues, Tool, wall_time,
};
use scenario::Plan;

use super::error::{Result, SessionError};
use super::event::{Notice, Observer, SessionEvent};
use super::planning::axes;
use crate::backend::{
    Backend, BackendError, BackendErrorKind, Needs, Purpose, RefusedSysctl, TestbedSpec,
};
use crate::error::LabError;
use crate::kernel_rules;

// Every run that a scenario allows can be read. The two crates do not know each other.
const _: () = assert!(scenario::MAX_CELLS == run_record::MAX_CELLS);

/// The parts of the request for a new run's record.
pub(super) struct Request<'a> {
    pub(super) overrides: &'a Overrides,
    pub(super) retries: u32,
    pub(super) disturbed_retries: u32,
    pub(super) tool: &'a Tool,
}

/// The record of a run that begins. Its backend has reserved room for it, and has created
/// a testbed of each kind that the run needs.
///
/// # Errors
/// If the machine cannot run it, or the user interrupts.
pub(super) fn new_record(
    plan: &Plan,
    request: &Request<'_>,
    backend: &dyn Backend,
    interrupted: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<RunRecord> {
    backend.reserve(&Needs::from_plan(plan))?;
    let tried = try_testbeds(plan, backend, interrupted).and_then(|sysctls| {
        let rules = kernel_rules::determine(backend)
            .map_err(|error| error.attributed(backend, interrupted))?;
        Ok((sysctls, rules))
    });
    if interrupted.load(Ordering::Relaxed) {
        observer.event(SessionEvent::Notice(Notice::InterruptedBeforeStart));
        return Err(LabError::Interrupted.into());
    }
    let (sysctls, kernel_rules) = tried?;
    Ok(RunRecord {
        schema_version: SCHEMA_VERSION,
        scenario: ScenarioRecord {
            name: plan.scenario.name.clone(),
            question: plan.scenario.question.clone(),
            resolved: plan.resolved.clone(),
            overrides: request.overrides.clone(),
        },
        seed: plan.seed,
        axes: axes(plan),
        planned_trials: plan.trials.len() as u32,
        retries: request.retries,
        disturbed_retries: request.disturbed_retries,
        disturbance_thresholds: Some(DisturbanceThresholds::CURRENT),
        tool: request.tool.clone(),
        build: backend.build(),
        interleaved: None,
        machine: Machine::current(),
        backend: backend.describe(),
        sysctls,
        kernel_rules,
        started: wall_time(),
        ended: None,
        resumed: Vec::new(),
        verdict: None,
    })
}

/// Creates a testbed of each kind that the run needs, to find refused sysctl values
/// before the first trial. Returns the sysctls in force in the first testbed.
///
/// # Errors
/// The first testbed that cannot be created; a refused sysctl at its place in
/// the scenario.
fn try_testbeds(
    plan: &Plan,
    backend: &dyn Backend,
    interrupted: &AtomicBool,
) -> Result<SysctlValues> {
    let mut tried = Vec::new();
    let mut in_force = None;
    for cell in &plan.cells {
        if interrupted.load(Ordering::Relaxed) {
            return Err(LabError::Interrupted.into());
        }
        let spec = TestbedSpec::from_settings(&cell.settings);
        if tried.contains(&spec) {
            continue;
        }
        let testbed = backend.testbed(&spec, Purpose::Preflight);
        let effective = testbed.and_then(|testbed| testbed.effective_sysctls());
        in_force.get_or_insert(effective.map_err(|error| refused(plan, cell.index, error))?);
        tried.push(spec);
    }
    Ok(in_force.unwrap_or_default())
}

/// The error of a testbed that could not be created. If the kernel refused a sysctl's
/// value, it shows the place in the scenario.
fn refused(plan: &Plan, cell: usize, error: BackendError) -> SessionError {
    match error.kind {
        BackendErrorKind::SysctlRefused(refused) => {
            let RefusedSysctl { host, name, reason } = *refused;
            plan.refused(cell, &format!("hosts.{host}.sysctls.{name}"), reason).into()
        }
        _ => LabError::from(error).into(),
    }
}
