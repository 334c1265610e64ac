//! Plans from scenarios and changes, and both for a run's record.

use std::path::Path;

use run_record::{Axis, Overrides, RunRecord};
use scenario::{Plan, ScenarioFile, Source};

use super::error::Result;
use super::request::RunRequest;
use crate::running_kernel::RunningKernel;

/// The plan of a scenario.
///
/// # Errors
/// All problems of the scenario or the changes.
pub(super) fn plan(file: &ScenarioFile, changes: &scenario::Overrides) -> Result<Plan> {
    Ok(file.plan(changes, &RunningKernel)?)
}

/// The recorded plan of a run. The record may come from a stranger: a large plan has to be
/// allowed again.
///
/// # Errors
/// If this build does not accept the scenario.
pub(super) fn recorded_plan(run: &Path, record: &RunRecord, allow_large: bool) -> Result<Plan> {
    let file = ScenarioFile::from_source(Source {
        name: record.scenario.name.clone(),
        path: run.join("run.json").display().to_string(),
        // JSON is YAML.
        text: record.scenario.resolved.to_string(),
    });
    let seed = Some(record.seed);
    plan(&file, &scenario::Overrides { seed, allow_large, ..Default::default() })
}

/// The changes for a record; the seed is a separate field.
pub(super) fn recorded_changes(changes: &scenario::Overrides, request: &RunRequest) -> Overrides {
    let scenario::Overrides { quick, set, only, repeat, seed: _, allow_large: _ } = changes.clone();
    Overrides { quick, set, only, repeat, allow_commands: request.allow_commands }
}

/// The changes of a record.
pub(super) fn changes_from(record: &RunRecord, allow_large: bool) -> scenario::Overrides {
    let Overrides { quick, set, only, repeat, allow_commands: _ } =
        record.scenario.overrides.clone();
    scenario::Overrides { quick, set, only, repeat, seed: Some(record.seed), allow_large }
}

/// The axes of a plan for a record.
pub(super) fn axes(plan: &Plan) -> Vec<Axis> {
    let axis =
        |axis: &scenario::Axis| Axis { path: axis.path.clone(), values: axis.values.clone() };
    plan.axes.iter().map(axis).collect()
}
