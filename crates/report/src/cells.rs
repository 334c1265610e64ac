//! A row for each cell, where the matrix has fewer than two axes.

use run_record::TrialRecord;

use crate::table::Table;
use run_view::Cell;
use run_view::Run;
use run_view::metrics;
use run_view::number::nanoseconds;

/// The table of cells; none where the grids show them.
pub(crate) fn table(run: &Run) -> Option<Table> {
    let axes = run.varying_axes();
    if axes.len() > 1 {
        return None;
    }
    let figures: Vec<_> = metrics(run).collect();
    let names = axes.iter().map(|axis| run.axis_name(&axis.path)).chain(["attempts"]);
    let names = names.chain(figures.iter().map(|figure| figure.column)).chain(["worst connect"]);
    let row = |cell: Cell<'_>| {
        let over = |figure: fn(&TrialRecord) -> Option<f64>, write: fn(f64) -> String| {
            let spread = cell.spread(figure);
            spread.map_or_else(|| "·".to_owned(), |spread| spread.written(write))
        };
        let attempts = over(|trial| Some(trial.attempts as f64), |n| n.to_string());
        let worst = over(|trial| Some(trial.connect_latency.max_ns as f64), nanoseconds);
        let figures = figures.iter().map(|figure| over(figure.of, figure.write));
        cell.values().chain([attempts]).chain(figures).chain([worst]).collect()
    };
    Some(Table {
        title: "Each cell".to_owned(),
        head: names.map(str::to_owned).collect(),
        rows: Cell::all(run).into_iter().map(row).collect(),
        words: 0,
    })
}
