//! The plan of a scenario with overrides.

use clap::Args;
use clap_complete::ArgValueCompleter;
use command_output::FileProblem;
use lab::RunningKernel;
use report::several;
use scenario::{Document, Overrides, Plan, ScenarioFile, ScenarioWarnings};

use super::check;
use crate::completion;
use crate::error::{CommandError, Result};
use crate::shown::Shown;

/// A scenario and overrides of its settings.
#[derive(Debug, Args)]
pub(crate) struct PlanArguments {
    /// Name of the scenario, or path of its file.
    #[arg(add = ArgValueCompleter::new(completion::scenarios))]
    pub(crate) scenario: String,
    #[command(flatten)]
    pub(crate) changes: Changes,
}

/// Overrides of a scenario's settings.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Changes {
    /// Use the scenario's quick form.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Override a setting, such as `load.messages=50` (repeatable).
    #[arg(long, value_name = "PATH=VALUE", value_parser = parse_pair)]
    #[arg(add = ArgValueCompleter::new(completion::setting_values))]
    pub(crate) set: Vec<(String, String)>,
    /// Select only the cells with this value, such as `server.backlog=10`
    /// (repeatable).
    #[arg(long, value_name = "AXIS=VALUE", value_parser = parse_pair)]
    #[arg(add = ArgValueCompleter::new(completion::axis_values))]
    pub(crate) only: Vec<(String, String)>,
    /// Trials per cell [default: that of the scenario].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) repeat: Option<u32>,
    /// Seed of the order of trials [default: random].
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Allow more cells, trials, clients, messages and time than a mistake should cost.
    #[arg(long)]
    pub(crate) allow_large: bool,
}

/// Lets an ordinary user try a scenario's sysctls, in a namespace of its own. Call it before
/// the process starts a thread. Without that right, only the running kernel's own values
/// are not checked.
pub(crate) fn prepare_checks() {
    let _ = lab::default_backend().prepare_process();
}

/// The plan of the scenario of these arguments.
pub(crate) fn plan(arguments: &PlanArguments) -> Result<Plan> {
    let Changes { quick, set, only, repeat, seed, allow_large } = arguments.changes.clone();
    let overrides = Overrides { quick, set, only, repeat, seed, allow_large };
    match scenario::load(&arguments.scenario)? {
        Document::Scenario(file) => Ok(file.plan(&overrides, &RunningKernel)?),
        Document::Suite(file) => {
            let suite = file.load()?.suite;
            Err(CommandError::Usage(format!(
                "`{}` is a suite; name one of its scenarios instead: {}",
                suite.name,
                suite.names().join(", ")
            )))
        }
    }
}

/// Prints what is doubtful about a plan to standard error.
pub(crate) fn print_warnings(warnings: Option<&ScenarioWarnings>) {
    if let Some(warnings) = warnings {
        Shown::warnings(warnings).print();
    }
}

/// What is doubtful about a plan, as a document.
pub(crate) fn warnings(warnings: Option<&ScenarioWarnings>) -> Vec<FileProblem> {
    warnings.map_or(Vec::new(), |warnings| check::problems(warnings.placed()))
}

/// The plan of a scenario without overrides.
pub(crate) fn default_plan(file: &ScenarioFile, allow_large: bool) -> Result<Plan> {
    Ok(file.plan(&Overrides { allow_large, ..Overrides::default() }, &RunningKernel)?)
}

/// Describes the size of a plan: its numbers of cells and trials.
pub(crate) fn describe_size(plan: &Plan) -> String {
    describe_counts(plan.cells.len() as u64, plan.trials.len() as u64)
}

/// Describes numbers of cells and trials.
pub(crate) fn describe_counts(cells: u64, trials: u64) -> String {
    format!("{}, {}", several(cells, "cell"), several(trials, "trial"))
}

fn parse_pair(text: &str) -> std::result::Result<(String, String), String> {
    text.split_once('=')
        .filter(|(path, _)| !path.is_empty())
        .map(|(path, value)| (path.to_owned(), value.to_owned()))
        .ok_or_else(|| "expected a path, `=` and a value".to_owned())
}
