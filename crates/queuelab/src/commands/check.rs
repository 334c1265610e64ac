//! `queuelab check`: validates scenarios without running them.

use clap::Args;
use report::several;
use scenario::Document;

use super::{plan, print_output};
use crate::error::Result;
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
                exit = error.exit();
                error.print();
            }
        }
    }
    Ok(exit)
}

/// Validates a file and describes its content.
fn validate(document: &Document) -> Result<String> {
    match document {
        Document::Scenario(file) => Ok(plan::describe_size(&plan::default_plan(file)?)),
        Document::Suite(file) => {
            let suite = file.load()?;
            let plans = plan::suite_plans(&suite)?;
            let trials: usize = plans.iter().map(|plan| plan.trials.len()).sum();
            let scenarios = several(suite.scenarios.len() as u64, "scenario");
            Ok(format!("a suite of {scenarios}, {}", several(trials as u64, "trial")))
        }
    }
}
