//! A scenario and its changes, as a plan.

use std::path::Path;

use linux_net::{Counters, SysctlName, SysctlScope};
use report::several;
use run_record::{Overrides, RunRecord};
use scenario::{Kernel, Plan, Source, Suite, SysctlKind};

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

/// The plan of a run that has begun, from its record alone.
pub(crate) fn recorded_plan(run: &Path, record: &RunRecord) -> Result<Plan> {
    let source = Source {
        name: record.scenario.name.clone(),
        path: run.join("run.json").display().to_string(),
        // JSON is YAML.
        text: record.scenario.resolved.to_string(),
    };
    let overrides = with_seed(&Overrides::default(), Some(record.seed));
    Ok(scenario::plan(&source, &overrides, &RunningKernel)?)
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

/// The kernel that this process runs on.
struct RunningKernel;

impl Kernel for RunningKernel {
    fn sysctls(&self, names: &[String]) -> Vec<SysctlKind> {
        let kind = |name: &String| match name.parse::<SysctlName>() {
            Err(_) => SysctlKind::Unknown,
            Ok(name) => match linux_net::sysctl_scope(&name) {
                SysctlScope::PerNamespace => SysctlKind::PerNamespace,
                SysctlScope::Global => SysctlKind::Global,
                SysctlScope::Unknown => SysctlKind::Unknown,
                SysctlScope::CannotTell(_) => SysctlKind::CannotTell,
            },
        };
        names.iter().map(kind).collect()
    }

    fn counter_names(&self) -> Option<Vec<String>> {
        Some(Counters::here().ok()?.iter().map(|(name, _)| name.to_owned()).collect())
    }
}
