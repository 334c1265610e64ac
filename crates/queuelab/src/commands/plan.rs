//! A scenario and its changes, as a plan.

use lab::RunningKernel;
use report::several;
use run_record::Overrides;
use scenario::{Plan, Source, Suite};

use crate::cli::Changes;
use crate::error::{CommandError, Result};

/// The plan of a scenario by name or path.
pub(crate) fn plan(name: &str, overrides: &Overrides, seed: Option<u64>) -> Result<Plan> {
    let source = scenario::find(name)?;
    if let Some(suite) = Suite::of(&source)? {
        return Err(CommandError::Usage(format!(
            "{} is a suite, which is only run, checked and listed; its scenarios are {}",
            suite.name,
            suite.names().join(", ")
        )));
    }
    Ok(scenario::plan(&source, &with_seed(overrides, seed), &RunningKernel)?)
}

/// The plan of a scenario as its file has it.
pub(crate) fn plain_plan(source: &Source) -> Result<Plan> {
    Ok(scenario::plan(source, &scenario::Overrides::default(), &RunningKernel)?)
}

/// The plans of a suite's scenarios, each as the suite would have it.
pub(crate) fn suite_plans(suite: &Suite, source: &Source) -> Result<Vec<Plan>> {
    Ok(suite.plans(source, &RunningKernel)?)
}

/// How many cells and trials it has.
pub(crate) fn size(plan: &Plan) -> String {
    let [cells, trials] = [plan.cells.len(), plan.trials.len()].map(|number| number as u64);
    format!("{}, {}", several(cells, "cell"), several(trials, "trial"))
}

/// What a run's record keeps of the flags.
pub(crate) fn overrides(changes: &Changes) -> Overrides {
    let Changes { quick, set, only, repeat, seed: _ } = changes;
    Overrides { quick: *quick, set: set.clone(), only: only.clone(), repeat: *repeat }
}

fn with_seed(overrides: &Overrides, seed: Option<u64>) -> scenario::Overrides {
    let Overrides { quick, set, only, repeat } = overrides.clone();
    scenario::Overrides { quick, set, only, repeat, seed }
}
