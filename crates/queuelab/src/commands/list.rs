//! `queuelab list`: lists the scenarios and suites.

use clap::Args;
use command_output::{Catalogue, ListedScenario, ListedSuite};
use run_view::prose::wrap_to;
use scenario::{AnyKernel, Document, Overrides, ScenarioErrors, ScenarioFile, SuiteFile};

use super::{print_document, print_output, screen};
use crate::error::Result;

/// Arguments of `queuelab list`.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// Print JSON; `queuelab schema list` describes it.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints each scenario's name, trials and question, then the suites.
pub(crate) fn list(arguments: &ListArguments) -> Result {
    let catalogue = catalogue();
    match arguments.json {
        true => print_document(&catalogue),
        false => print_output(&text(&catalogue)),
    }
}

/// The scenarios and suites. Whether this kernel has their sysctls is left to `check`.
fn catalogue() -> Catalogue {
    let documents = scenario::catalogue();
    let read = scenario::scenarios_of(&documents);
    let mut catalogue = Catalogue { scenarios: Vec::new(), suites: Vec::new() };
    for document in &documents {
        match document {
            Document::Scenario(file) => catalogue.scenarios.push(scenario_of(file)),
            Document::Suite(file) => catalogue.suites.push(suite_of(file, &read)),
        }
    }
    catalogue
}

fn scenario_of(file: &ScenarioFile) -> ListedScenario {
    let plan = file.plan(&Overrides::default(), &AnyKernel);
    let problem = plan.as_ref().err().map(ScenarioErrors::to_string);
    let plan = plan.ok();
    ListedScenario {
        name: file.source().name.clone(),
        path: file.source().path.clone(),
        cells: plan.as_ref().map(|plan| plan.cells.len() as u64),
        trials: plan.as_ref().map(|plan| plan.trials.len() as u64),
        question: plan.map(|plan| plan.scenario.question),
        problem,
    }
}

fn suite_of(file: &SuiteFile, read: &[ScenarioFile]) -> ListedSuite {
    let suite = file.load_among(read);
    let problem = suite.as_ref().err().map(ScenarioErrors::to_string);
    let suite = suite.ok().map(|loaded| loaded.suite);
    let names = suite.iter().flat_map(|suite| suite.names()).map(str::to_owned).collect();
    ListedSuite {
        name: file.source().name.clone(),
        path: file.source().path.clone(),
        scenarios: names,
        question: suite.map(|suite| suite.question),
        problem,
    }
}

fn text(catalogue: &Catalogue) -> String {
    let line = |count: u64, what: &str, question: &str| {
        format!("{count:>5} {what}  {}", visible::line(question))
    };
    let scenarios = catalogue.scenarios.iter().map(|one| {
        let question = one.question.as_ref();
        (&one.name, question.map(|text| line(one.trials.unwrap_or(0), "trials", text)))
    });
    let suites = catalogue.suites.iter().map(|one| {
        let (question, count) = (one.question.as_ref(), one.scenarios.len() as u64);
        (&one.name, question.map(|text| line(count, "scenarios", text)))
    });
    let rows: Vec<_> =
        scenarios.chain(suites).map(|(name, content)| (visible::line(name), content)).collect();
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let indent = " ".repeat(width + 2);
    let lines = rows.iter().map(|(name, content)| match content {
        Some(content) => wrap_to(screen().columns, content, &format!("{name:width$}  "), &indent),
        None => format!("{name:width$}  invalid: see `queuelab check {name}`"),
    });
    lines.collect::<Vec<_>>().join("\n")
}
