//! A resumed run: its plan is recreated, and must be the original one.

use std::path::Path;

use run_record::{DisturbanceThresholds, Machine, RunDirectory, RunRecord, TrialRecord, wall_time};
use scenario::{Plan, ScenarioFile};

use super::error::{Result, SessionError};
use super::event::Observer;
use super::planning::{axes, changes_from, plan, recorded_plan};
use super::request::Allowed;
use super::servers;
use crate::backend::{Backend, Needs};

/// A run that can continue.
pub(super) struct Resumed {
    pub(super) plan: Plan,
    pub(super) directory: RunDirectory,
    pub(super) record: RunRecord,
    pub(super) done: Vec<TrialRecord>,
}

/// Opens a run directory to resume it. Without a `file` the scenario is that of the
/// record.
///
/// # Errors
/// If it is a run of another scenario, on another kernel or on another backend.
pub(super) fn resume(
    path: &Path,
    file: Option<&ScenarioFile>,
    allowed: Allowed,
    backend: &dyn Backend,
    observer: &mut dyn Observer,
) -> Result<Resumed> {
    let (directory, mut record, done) = RunDirectory::resume(path)?;
    let refuse = |why: String| {
        let path = path.display();
        Err(SessionError::Request(format!(
            "resume {path}: {why}; start a new run, without --resume"
        )))
    };
    let plan = match file {
        Some(file) => plan(file, &changes_from(&record, allowed.large))?,
        None => recorded_plan(path, &record, allowed.large)?,
    };
    let recorded = &record.scenario;
    if plan.resolved != recorded.resolved || axes(&plan) != record.axes {
        let changed = plan.scenario.name == recorded.name;
        let why = if changed { ", whose file has changed since" } else { "" };
        return refuse(format!("it is a run of another scenario ({}{why})", recorded.name));
    }
    let (here, there) = (Machine::current().kernel, &record.machine.kernel);
    if here != *there {
        return refuse(format!("it ran on kernel {there}, and this is {here}"));
    }
    let (here, there) = (backend.describe().name, &record.backend.name);
    if here != *there {
        return refuse(format!("it ran on the backend {there}, and this is {here}"));
    }
    servers::require(&plan, allowed.commands, backend, observer)?;
    backend.reserve(&Needs::from_plan(&plan))?;
    record.resumed.push(wall_time());
    record.scenario.overrides.allow_commands |= allowed.commands;
    // Trials of earlier builds were not measured for it.
    record.disturbance_thresholds.get_or_insert(DisturbanceThresholds::CURRENT);
    let now = backend.describe();
    if now != record.backend {
        // Another build of the program, or another version of the engine.
        let version = now.version.map_or(String::new(), |version| format!("{version}, "));
        record.backend.details += &format!("; resumed with {version}{}", now.details);
    }
    directory.write_run(&record)?;
    Ok(Resumed { plan, directory, record, done })
}
