//! A row for each cell, where the matrix has fewer than two axes.

use run_record::TrialRecord;
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

use crate::Run;
use crate::cell_figure::cell_figures;
use crate::figure::{Spread, nanoseconds, value};
use crate::run::{combinations, short_name};

/// The table of cells; none where the grids show them.
pub(crate) fn cells(run: &Run) -> Option<String> {
    let axes = run.varying_axes();
    if axes.len() > 1 {
        return None;
    }
    let figures: Vec<_> = cell_figures(run).collect();
    let mut builder = Builder::default();
    let names = axes.iter().map(|axis| short_name(&axis.path)).chain(["attempts"]);
    let names = names.chain(figures.iter().map(|figure| figure.column));
    builder.push_record(names.chain(["worst connect"]));
    for point in combinations(&axes) {
        let trials: Vec<_> = run.trials_at(&point).collect();
        let over = |figure: fn(&TrialRecord) -> Option<f64>, write: fn(f64) -> String| {
            Spread::of(trials.iter().filter_map(|trial| figure(trial)))
                .map_or_else(|| "·".to_owned(), |spread| spread.written(write))
        };
        let attempts = over(|trial| Some(trial.attempts as f64), |n| n.to_string());
        let worst = over(|trial| Some(trial.connect_latency.max_ns as f64), nanoseconds);
        let places = point.iter().map(|(_, at)| value(at)).chain([attempts]);
        let figures = figures.iter().map(|figure| over(figure.of, figure.write));
        builder.push_record(places.chain(figures).chain([worst]));
    }
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::new(..), Alignment::right());
    Some(table.to_string())
}
