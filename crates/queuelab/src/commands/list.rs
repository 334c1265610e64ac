//! `queuelab list`: the scenarios.

use scenario::Suite;

use super::{answer, plan};
use crate::error::Result;

/// Prints each scenario's name, trials and question.
pub(crate) fn list() -> Result {
    let mut lines = Vec::new();
    let sources = scenario::all();
    let width = sources.iter().map(|source| source.name.len()).max().unwrap_or(0);
    for source in &sources {
        lines.push(match plan::plain_plan(source) {
            Ok(plan) => format!(
                "{:width$}  {:>5} trials  {}",
                source.name,
                plan.trials.len(),
                plan.scenario.question
            ),
            Err(_) => format!(
                "{:width$}  does not check: `queuelab check {}` says why",
                source.name, source.name
            ),
        });
    }
    for source in scenario::suites() {
        lines.push(match Suite::of(&source) {
            Ok(Some(suite)) => {
                format!(
                    "{:width$}  {:>5} scenarios  {}",
                    source.name,
                    suite.suite.len(),
                    suite.question
                )
            }
            _ => format!("{}  does not check: `queuelab check {0}` says why", source.name),
        });
    }
    answer(&lines.join("\n"))
}
