//! `queuelab list`: lists the scenarios and suites.

use run_view::prose::wrap_to;
use scenario::{ScenarioFile, SuiteFile};

use super::{plan, print_output, screen};
use crate::error::Result;

/// Prints each scenario's name, trials and question, then the suites.
pub(crate) fn list() -> Result {
    plan::prepare_checks();
    let (scenarios, suites) = (scenario::scenarios(), scenario::suites());
    let scenarios = scenarios.iter().map(|file| (&file.source().name, describe_scenario(file)));
    let suites = suites.iter().map(|file| (&file.source().name, describe_suite(file)));
    let rows = scenarios.chain(suites).map(|(name, content)| (visible::line(name), content));
    let rows: Vec<_> = rows.collect();
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let lines: Vec<_> = rows
        .iter()
        .map(|(name, content)| match content {
            Ok(content) => wrap_to(
                screen().columns,
                content,
                &format!("{name:width$}  "),
                &" ".repeat(width + 2),
            ),
            Err(_) => format!("{name:width$}  invalid: see `queuelab check {name}`"),
        })
        .collect();
    print_output(&lines.join("\n"))
}

fn describe_scenario(file: &ScenarioFile) -> Result<String> {
    let plan = plan::default_plan(file, false)?;
    Ok(format!("{:>5} trials  {}", plan.trials.len(), visible::line(&plan.scenario.question)))
}

fn describe_suite(file: &SuiteFile) -> Result<String> {
    let suite = file.load()?.suite;
    Ok(format!("{:>5} scenarios  {}", suite.suite.len(), visible::line(&suite.question)))
}
