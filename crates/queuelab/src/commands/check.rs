//! `queuelab check`: checks scenarios and starts nothing.

use clap::Args;
use report::several;
use scenario::Document;

use super::{answer, plan};
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Arguments of `queuelab check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// Names of scenarios, or paths of their files.
    scenarios: Vec<String>,
}

/// Checks each file and prints every problem.
pub(crate) fn check(arguments: &CheckArguments) -> Result {
    let documents = match arguments.scenarios.as_slice() {
        [] => scenario::catalogue(),
        names => names
            .iter()
            .map(|name| scenario::load(name))
            .collect::<std::result::Result<Vec<_>, _>>()?,
    };
    let mut exit = Exit::Held;
    for document in &documents {
        match checked(document) {
            Ok(content) => {
                answer(&format!("{}: valid; {content}", document.name()))?;
            }
            Err(error) => {
                exit = error.exit();
                anstream::eprintln!("{:?}", miette::Report::new(error));
            }
        }
    }
    Ok(exit)
}

/// What a valid file contains.
fn checked(document: &Document) -> std::result::Result<String, CommandError> {
    match document {
        Document::Scenario(file) => Ok(plan::size(&plan::plain_plan(file)?)),
        Document::Suite(file) => {
            let suite = file.load()?;
            let plans = plan::suite_plans(&suite)?;
            let trials: usize = plans.iter().map(|plan| plan.trials.len()).sum();
            let scenarios = several(suite.scenarios.len() as u64, "scenario");
            Ok(format!("a suite of {scenarios}, {}", several(trials as u64, "trial")))
        }
    }
}
