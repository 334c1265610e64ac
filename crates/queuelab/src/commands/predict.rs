//! `queuelab predict`: predicts a scenario's results from the laws or by simulation.

mod simulation;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCompleter;
use command_output::{CellPrediction, Predictions};
use indexmap::IndexMap;
use lab::{CellPredictions, KernelFacts};
use queue_model::law::Unit;
use report::Table;
use run_record::{AxisNames, LawCheck, LawNotApplied, describe_value};
use run_view::Printable;
use run_view::prose::{fit, wrap_to};
use scenario::{Axis, Cell, Plan, Scenario};

use super::accept_pace::{AcceptPace, MeasuredPaces};
use super::kernel_rules::KernelArguments;
use super::plan::PlanArguments;
use super::size::parse_rate;
use super::{plan, print_document, print_output, print_text, screen};
use crate::completion;
use crate::error::Result;

/// Flags of `queuelab predict`.
#[derive(Debug, Args)]
pub(crate) struct PredictArguments {
    #[command(flatten)]
    plan: PlanArguments,
    /// Simulate the listen path of each cell instead of applying the laws.
    #[arg(long)]
    simulate: bool,
    /// Time between two accept(2) calls while connections wait, or their rate, such as
    /// 30000/s. The default is an estimate for the lab's server, and none for a program.
    #[arg(long, value_name = "TIME|RATE", value_parser = parse_accept_time)]
    #[arg(requires = "simulate", conflicts_with = "from")]
    accept: Option<Duration>,
    /// Use the times between two accept(2) calls that this run measured; of a program, the
    /// bounds that the kernel's counts give.
    #[arg(long, value_name = "RUN", requires = "simulate")]
    #[arg(add = ArgValueCompleter::new(completion::runs))]
    from: Option<PathBuf>,
    #[command(flatten)]
    kernel: KernelArguments,
    /// Print JSON; `queuelab schema predict` describes it.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Parses a time, or a rate whose inverse is the time.
fn parse_accept_time(text: &str) -> std::result::Result<Duration, String> {
    if let Ok(accepts) = parse_rate(text) {
        return Ok(Duration::from_secs_f64(1.0 / accepts));
    }
    humantime::parse_duration(text).map_err(|_| {
        "expected a time, such as 35us, or connections per second, such as 30000/s".to_owned()
    })
}

/// Prints the predictions for each cell.
pub(crate) fn predict(arguments: &PredictArguments) -> Result {
    plan::prepare_checks();
    let PredictArguments { simulate, kernel, .. } = arguments;
    let pace = match (&arguments.from, arguments.accept) {
        (Some(run), _) => AcceptPace::Measured(MeasuredPaces::read(run)?),
        (None, Some(between)) => AcceptPace::Given(between),
        (None, None) => AcceptPace::Estimate,
    };
    let facts = kernel.facts()?;
    let plan = plan::plan(&arguments.plan)?;
    let warnings = lab::warnings(&plan, &facts);
    if arguments.json {
        let cells = match simulate {
            true => simulation::simulated_cells(&plan, &facts, &pace),
            false => plan.cells.iter().map(|cell| predicted_cell(cell, &facts)).collect(),
        };
        return print_document(&Predictions {
            scenario: plan.scenario.name.clone(),
            question: plan.scenario.question.clone(),
            kernel: kernel.describe(&facts),
            accept_pace: simulate.then(|| simulation::describe_pace(&plan, &pace)),
            cells,
            warnings: plan::warnings(warnings.as_ref()),
        });
    }
    let predictions = match simulate {
        true => simulation::simulate_plan(&plan, &facts, &pace),
        false => apply_laws(&plan, &facts),
    };
    let Scenario { name, question, .. } = &plan.scenario;
    let kernel = kernel.describe(&facts).map_or(String::new(), |line| format!("\n{line}"));
    let title = visible::line(&format!("{name}: {question}")).into_owned();
    print_output(&format!("{title}{kernel}"))?;
    print_output("")?;
    let exit = print_text(&predictions)?;
    plan::print_warnings(warnings.as_ref());
    Ok(exit)
}

/// What the laws predict for a cell.
fn predicted_cell(cell: &Cell, kernel: &KernelFacts) -> CellPrediction {
    let CellPredictions { predicted, not_applied } = lab::predictions(&cell.settings, kernel);
    CellPrediction {
        cell: cell.index as u64,
        point: cell.point.clone(),
        laws: predicted,
        not_applied,
        simulated: Vec::new(),
        not_simulated: None,
    }
}

/// A row for each cell and law; below it, the laws that are not applied, with the reason.
fn apply_laws(plan: &Plan, kernel: &KernelFacts) -> Printable {
    let rows: Vec<(&Cell, CellPredictions)> =
        plan.cells.iter().map(|cell| (cell, lab::predictions(&cell.settings, kernel))).collect();
    let mut sections = Vec::new();
    if rows.iter().any(|(_, laws)| !laws.predicted.is_empty()) {
        sections.push(predictions_table(plan, &rows));
    } else {
        let none = "No law predicts a value for any of its cells: it is only measured.";
        sections.push(Printable::new(&fit(screen().columns, none)));
    }
    sections.extend(not_applied(&rows).map(|text| Printable::new(&text)));
    Printable::joined(sections, "\n\n")
}

fn predictions_table(plan: &Plan, rows: &[(&Cell, CellPredictions)]) -> Printable {
    let head: Vec<_> = axis_names(plan).chain(["law".to_owned(), "predicted".to_owned()]).collect();
    let row = |cell: &Cell, law: &LawCheck| {
        axis_values(plan, cell).chain([law.title.clone(), format_prediction(law)]).collect()
    };
    let rows: Vec<Vec<_>> = rows
        .iter()
        .flat_map(|(cell, laws)| laws.predicted.iter().map(|law| row(cell, law)))
        .collect();
    let words = head.len() - 1;
    Table { head, rows, words, ..Table::default() }.text(screen())
}

/// A line for each reason, with its laws and the number of cells that it applies to.
fn not_applied(rows: &[(&Cell, CellPredictions)]) -> Option<String> {
    let mut cells_by_reason: IndexMap<(&str, Vec<&str>), usize> = IndexMap::new();
    for (_, laws) in rows {
        for (reason, titles) in titles_by_reason(&laws.not_applied) {
            *cells_by_reason.entry((reason, titles)).or_default() += 1;
        }
    }
    let lines = cells_by_reason.iter().map(|((reason, titles), cells)| {
        let place = match rows.len() {
            all if *cells == all => String::new(),
            all => format!(" (in {cells} of {all} cells)"),
        };
        let text = format!("{}: {reason}{place}", titles.join(", "));
        wrap_to(screen().columns, &text, "- ", "  ")
    });
    let lines: Vec<_> = lines.collect();
    (!lines.is_empty()).then(|| format!("Not applied:\n{}", lines.join("\n")))
}

/// The predicted value, with its unit if it is a time.
fn format_prediction(law: &LawCheck) -> String {
    match law.unit {
        Unit::Seconds => format!("{} s", law.predicted),
        _ => law.predicted.to_string(),
    }
}

/// The reasons in order, each with the titles of its laws.
fn titles_by_reason(not_applied: &[LawNotApplied]) -> IndexMap<&str, Vec<&str>> {
    let mut reasons: IndexMap<&str, Vec<&str>> = IndexMap::new();
    for law in not_applied {
        reasons.entry(&law.reason).or_default().push(&law.title);
    }
    reasons
}

fn axis_names(plan: &Plan) -> impl Iterator<Item = String> {
    let names = AxisNames::new(plan.axes.iter().map(|axis| axis.path.as_str()));
    plan.axes.iter().map(move |axis| names.short(&axis.path).to_owned())
}

/// A cell's values on the axes.
fn axis_values(plan: &Plan, cell: &Cell) -> impl Iterator<Item = String> {
    let value = |axis: &Axis| describe_value(&cell.point[&axis.path]);
    plan.axes.iter().map(move |axis| visible::line(&value(axis)).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accept_time_is_a_time_or_a_rate() {
        assert_eq!(parse_accept_time("35us"), Ok(Duration::from_micros(35)));
        assert_eq!(parse_accept_time("2ms"), Ok(Duration::from_millis(2)));
        assert_eq!(parse_accept_time("20000/s"), Ok(Duration::from_micros(50)));
        assert_eq!(parse_accept_time("20000"), Ok(Duration::from_micros(50)));
        assert!(["0/s", "soon"].iter().all(|wrong| parse_accept_time(wrong).is_err()));
    }
}
