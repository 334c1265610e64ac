//! A scenario and its changes, as a plan.

use lab::RunningKernel;
use report::several;
use run_record::Overrides;
use scenario::{Document, LoadedSuite, Plan, ScenarioFile};

use crate::cli::Changes;
use crate::error::{CommandError, Result};

/// The plan of the scenario with this name or path.
pub(crate) fn plan(name: &str, overrides: &Overrides, seed: Option<u64>) -> Result<Plan> {
    match scenario::load(name)? {
        Document::Scenario(file) => Ok(file.plan(&with_seed(overrides, seed), &RunningKernel)?),
        Document::Suite(file) => {
            let suite = file.load()?.suite;
            Err(CommandError::Usage(format!(
                "{} is a suite, which can only be run, checked and listed; its scenarios are {}",
                suite.name,
                suite.names().join(", ")
            )))
        }
    }
}

/// The plan of a scenario without overrides.
pub(crate) fn plain_plan(file: &ScenarioFile) -> Result<Plan> {
    Ok(file.plan(&scenario::Overrides::default(), &RunningKernel)?)
}

/// The plans of a suite's scenarios, with what the suite changes in them.
pub(crate) fn suite_plans(suite: &LoadedSuite) -> Result<Vec<Plan>> {
    Ok(suite.plans(&RunningKernel)?)
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
