//! `queuelab check`: scenarios, read and checked, with nothing started.

use super::{answer, plan};
use crate::cli::CheckArguments;
use crate::error::Result;
use crate::exit::Exit;

/// Checks each; every problem of each file is shown.
pub(crate) fn check(arguments: &CheckArguments) -> Result {
    let sources = match arguments.scenarios.as_slice() {
        [] => scenario::all(),
        names => names
            .iter()
            .map(|name| scenario::find(name))
            .collect::<std::result::Result<Vec<_>, _>>()?,
    };
    let mut exit = Exit::Held;
    for source in &sources {
        match plan::plain_plan(source) {
            Ok(plan) => {
                let (cells, trials) = (plan.cells.len(), plan.trials.len());
                answer(&format!("{}: good; {cells} cells, {trials} trials", source.name))?;
            }
            Err(error) => {
                exit = error.exit();
                anstream::eprintln!("{:?}", miette::Report::new(error));
            }
        }
    }
    Ok(exit)
}
