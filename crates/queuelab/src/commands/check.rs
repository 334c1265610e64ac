//! `queuelab check`: validates scenarios without running them.

use clap::Args;
use lab::Needs;
use report::several;
use scenario::{Document, Plan};

use super::{plan, print_output};
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Arguments of `queuelab check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Names of scenarios or suites, or paths of their files [default: all].
    scenarios: Vec<String>,
    /// Allow more cells, trials, clients, messages and time than a mistake should cost.
    #[arg(long)]
    allow_large: bool,
}

/// Validates each file and prints every problem.
pub(crate) fn check(arguments: &CheckArguments) -> Result {
    plan::prepare_checks();
    let documents = match arguments.scenarios.as_slice() {
        [] => scenario::catalogue(),
        names => names
            .iter()
            .map(|name| scenario::load(name))
            .collect::<std::result::Result<Vec<_>, _>>()?,
    };
    let mut exit = Exit::Held;
    for document in &documents {
        match validate(document, arguments.allow_large) {
            Ok(content) => {
                print_output(&format!("{}: valid; {content}", document.name()))?;
            }
            Err(error) => {
                if let CommandError::OpenFiles(_) | CommandError::Threads(_) = error {
                    let name = document.name();
                    print_output(&format!("{name}: valid, but this machine's limits are too low"))?;
                }
                // An invalid file is the more serious problem: it is so on every machine.
                if !matches!(exit, Exit::Usage) {
                    exit = error.exit();
                }
                error.print();
            }
        }
    }
    Ok(exit)
}

/// Validates a file and describes its content.
fn validate(document: &Document, allow_large: bool) -> Result<String> {
    match document {
        Document::Scenario(file) => {
            let plan = plan::default_plan(file, allow_large)?;
            require_limits(std::slice::from_ref(&plan))?;
            Ok(plan::describe_size(&plan))
        }
        Document::Suite(file) => {
            let suite = file.load()?;
            let plans = plan::suite_plans(&suite, allow_large)?;
            require_limits(&plans)?;
            let trials: usize = plans.iter().map(|plan| plan.trials.len()).sum();
            let scenarios = several(suite.scenarios.len() as u64, "scenario");
            Ok(format!("a suite of {scenarios}, {}", several(trials as u64, "trial")))
        }
    }
}

/// Requires the open files that the default backend requires before the first trial of a run,
/// and the threads that the trials may start at the same time. A run is not refused if threads
/// are missing: its server turns clients away, and the report says so. Containers have limits of
/// their own, which `run --backend docker` sets and compares.
fn require_limits(plans: &[Plan]) -> Result<()> {
    let needs: Vec<_> = plans.iter().map(Needs::from_plan).collect();
    linux_net::raise_open_files(needs.iter().map(Needs::open_files).max().unwrap_or(0))?;
    linux_net::require_threads(needs.iter().map(|needs| needs.threads).max().unwrap_or(0))?;
    Ok(())
}
