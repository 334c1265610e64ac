//! A row for each cell of a matrix with fewer than two axes.

use crate::table::Table;
use run_view::Cell;
use run_view::Run;
use run_view::Trial;
use run_view::metrics;
use run_view::number::nanoseconds;

/// The table of cells; `None` with more axes.
pub(crate) fn table(run: &Run) -> Option<Table> {
    let axes = run.varying_axes();
    if axes.len() > 1 {
        return None;
    }
    let metrics: Vec<_> = metrics(run).collect();
    let names = axes.iter().map(|axis| run.axis_name(&axis.path)).chain(["attempts"]);
    let names = names.chain(metrics.iter().map(|metric| metric.column)).chain(["worst connect"]);
    let has_disturbed = run.trials.iter().any(Trial::is_disturbed);
    let names = names.chain(has_disturbed.then_some("disturbed trials"));
    let row = |cell: Cell<'_>| {
        let describe = |value: fn(&Trial) -> Option<f64>, format: fn(f64) -> String| {
            let spread = cell.spread(value);
            spread.map_or_else(|| "·".to_owned(), |spread| spread.describe(format))
        };
        let attempts = describe(|trial| Some(trial.attempts as f64), |n| n.to_string());
        let worst = describe(|trial| Some(trial.connect_latency.max_ns as f64), nanoseconds);
        let values = metrics.iter().map(|metric| describe(metric.value, metric.format));
        let values = values.map(|value| mark(&cell, value));
        let all = cell.values().chain([attempts]).chain(values).chain([mark(&cell, worst)]);
        all.chain(has_disturbed.then(|| disturbed(&cell))).collect()
    };
    Some(Table {
        title: "Each cell".to_owned(),
        head: names.map(str::to_owned).collect(),
        rows: Cell::all(run).into_iter().map(row).collect(),
        keys: axes.len(),
        ..Table::default()
    })
}

/// The mark of a value that is no finding, because every trial of its cell was disturbed.
pub(crate) const DISTURBED: &str = "⚠";

/// A value of a cell, with a mark if it is no finding.
pub(crate) fn mark(cell: &Cell<'_>, value: String) -> String {
    if cell.is_disturbed() { format!("{DISTURBED}\u{a0}{value}") } else { value }
}

/// How many of a cell's trials were disturbed in each of their executions: `2 of 3`.
fn disturbed(cell: &Cell<'_>) -> String {
    match cell.verdict {
        Some(verdict) if verdict.trials > 0 => {
            format!("{} of {}", verdict.disturbed, verdict.trials)
        }
        _ => "·".to_owned(),
    }
}
