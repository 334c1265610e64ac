//! `queuelab check`: scenarios, read and checked, with nothing started.

use report::several;
use scenario::{Source, Suite};

use super::{answer, plan};
use crate::cli::CheckArguments;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Checks each; every problem of each file is shown.
pub(crate) fn check(arguments: &CheckArguments) -> Result {
    let sources = match arguments.scenarios.as_slice() {
        [] => [scenario::all(), scenario::suites()].concat(),
        names => names
            .iter()
            .map(|name| scenario::find(name))
            .collect::<std::result::Result<Vec<_>, _>>()?,
    };
    let mut exit = Exit::Held;
    for source in &sources {
        match checked(source) {
            Ok(what) => {
                answer(&format!("{}: good; {what}", source.name))?;
            }
            Err(error) => {
                exit = error.exit();
                anstream::eprintln!("{:?}", miette::Report::new(error));
            }
        }
    }
    Ok(exit)
}

/// What there is in a file without faults.
fn checked(source: &Source) -> std::result::Result<String, CommandError> {
    if let Some(suite) = Suite::of(source)? {
        let plans = plan::suite_plans(&suite, source)?;
        let trials: usize = plans.iter().map(|plan| plan.trials.len()).sum();
        let scenarios = several(suite.suite.len() as u64, "scenario");
        return Ok(format!("a suite of {scenarios}, {}", several(trials as u64, "trial")));
    }
    let plan = plan::plain_plan(source)?;
    Ok(plan::size(&plan))
}
