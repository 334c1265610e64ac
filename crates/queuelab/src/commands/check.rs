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
        match validate(document) {
            Ok(content) => {
                print_output(&format!("{}: valid; {content}", document.name()))?;
            }
            Err(error) => {
                if let CommandError::OpenFiles(_) = error {
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
fn validate(document: &Document) -> Result<String> {
    match document {
        Document::Scenario(file) => {
            let plan = plan::default_plan(file)?;
            require_open_files(std::slice::from_ref(&plan))?;
            Ok(plan::describe_size(&plan))
        }
        Document::Suite(file) => {
            let suite = file.load()?;
            let plans = plan::suite_plans(&suite)?;
            require_open_files(&plans)?;
            let trials: usize = plans.iter().map(|plan| plan.trials.len()).sum();
            let scenarios = several(suite.scenarios.len() as u64, "scenario");
            Ok(format!("a suite of {scenarios}, {}", several(trials as u64, "trial")))
        }
    }
}

/// Requires that the default backend may open as many files as it does before the first
/// trial of a run. Containers have limits of their own, which `run --backend docker` compares.
fn require_open_files(plans: &[Plan]) -> Result<()> {
    let needed = plans.iter().map(|plan| Needs::from_plan(plan).open_files()).max();
    linux_net::raise_open_files(needed.unwrap_or(0))?;
    Ok(())
}
