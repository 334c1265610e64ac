//! A row for each cell of a matrix with fewer than two axes.

use run_record::TrialRecord;

use crate::table::Table;
use run_view::Cell;
use run_view::Run;
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
    let row = |cell: Cell<'_>| {
        let describe = |value: fn(&TrialRecord) -> Option<f64>, format: fn(f64) -> String| {
            let spread = cell.spread(value);
            spread.map_or_else(|| "·".to_owned(), |spread| spread.describe(format))
        };
        let attempts = describe(|trial| Some(trial.attempts as f64), |n| n.to_string());
        let worst = describe(|trial| Some(trial.connect_latency.max_ns as f64), nanoseconds);
        let values = metrics.iter().map(|metric| describe(metric.value, metric.format));
        cell.values().chain([attempts]).chain(values).chain([worst]).collect()
    };
    Some(Table {
        title: "Each cell".to_owned(),
        head: names.map(str::to_owned).collect(),
        rows: Cell::all(run).into_iter().map(row).collect(),
        words: 0,
    })
}
