//! Every metric of every cell: as heat maps in formats with charts, as tables in others.

use std::mem;

use charts::Chart;
use run_record::describe_value;
use run_view::Trial;
use run_view::number::{Spread, count};
use run_view::{Cell, Emphasis, Metric, Run, combinations, metrics};

use crate::answer;
use crate::bounds::has_too_many_cells;
use crate::cells;
use crate::document::{Block, Section, Source, Tone};
use crate::generator;
use crate::table::Table;

/// The metrics that are shown initially; the others unfold.
const MAX_OPEN: usize = 2;

/// The longest table that a page shows unfolded.
const MAX_OPEN_ROWS: usize = 16;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let mut section = Section::new("cells-at-a-glance", "Every cell at a glance");
    if let Some(fixed) = run.fixed_axes() {
        section.summary(Block::text(fixed));
    }
    section.summary(Block::caption(match run.is_repeated() {
        true => "Medians of the repetitions, with the range if they differ.",
        false => "One trial per cell: the variation between trials is unknown.",
    }));
    if run.trials.iter().any(Trial::is_disturbed) {
        section.summary(Block::caption(format!(
            "{}: every trial of the cell was disturbed, and its value is no finding. Of other \
             cells, only undisturbed trials count.",
            cells::DISTURBED
        )));
    }
    if has_too_many_cells(run) {
        let note = format!(
            "The {} cells are too many to draw or to list; `cells.csv` has a row for each.",
            count(source.cells.len() as i64)
        );
        section.short(Block::text(note.clone())).summary(Block::text(note));
    } else if let Some(table) = cells::table(run) {
        section.is_open = table.rows.len() <= MAX_OPEN_ROWS;
        section.short(table.clone()).summary(table);
    } else {
        section.page(Block::caption(
            "All maps of a metric have the same scale. A click on a cell (or Tab and Enter) shows its \
             trials.",
        ));
        let mut metrics: Vec<_> = metrics(run)
            .map(|metric| Shown::new(source, metric))
            .filter(Shown::has_content)
            .collect();
        metrics.sort_by_key(|shown| order(shown.metric));
        if answer::headline_law(run).is_none() {
            let main = answer::headline_metric(run).name;
            if let Some(shown) = metrics.iter_mut().find(|shown| shown.metric.name == main) {
                section.short.extend(shown.text.iter().cloned());
                section.lead(mem::take(&mut shown.maps));
            }
        }
        let others = metrics.split_off(metrics.len().min(MAX_OPEN));
        section.summary(charts_or_text(metrics));
        if !others.is_empty() {
            section.summary(Block::folded("More metrics", vec![charts_or_text(others)]));
        }
    }
    // Without it, the rates of the short form are taken for the server's.
    if let Some(warning) = generator::busy(run) {
        section.short(Block::Text(Tone::Warning, warning));
    }
    if let Some(warning) = generator::warnings(run) {
        section.summary(Block::Text(Tone::Warning, warning));
    }
    Some(section)
}

/// A metric as maps and as text.
struct Shown {
    metric: &'static Metric,
    maps: Vec<Chart>,
    text: Vec<Block>,
}

impl Shown {
    fn new(source: &Source<'_>, metric: &'static Metric) -> Self {
        let (run, cells) = (source.run, &source.cells);
        let values: Vec<_> = cells.iter().map(|cell| describe(cell, metric)).collect();
        let same = values.first().filter(|first| values.iter().all(|other| other == *first));
        let text = match same {
            Some(Some(value)) => {
                vec![Block::text(format!("{}: {value} in every cell.", metric.title))]
            }
            // No trial has the metric.
            Some(None) => Vec::new(),
            None => tables(run, cells, metric).into_iter().map(Block::from).collect(),
        };
        let maps = source.draw(|| {
            let maps = || charts::heat_maps(run, cells, metric, source.beside);
            if same.is_none() { maps() } else { Vec::new() }
        });
        Self { metric, maps, text }
    }

    fn has_content(&self) -> bool {
        !self.maps.is_empty() || !self.text.is_empty()
    }
}

fn charts_or_text(metrics: Vec<Shown>) -> Block {
    let (mut charts, mut text) = (Vec::new(), Vec::new());
    for shown in metrics {
        charts.extend((!shown.maps.is_empty()).then_some(shown.maps));
        text.extend(shown.text);
    }
    Block::ChartsOrText { charts, text }
}

/// The sort key that puts the metrics of most questions first.
fn order(metric: &Metric) -> usize {
    match metric.name {
        "success" => 0,
        "delivered" => 1,
        "first-try" => 2,
        _ => 3,
    }
}

fn describe(cell: &Cell<'_>, metric: &Metric) -> Option<String> {
    let value = cell.spread(metric.value)?.describe(metric.format);
    Some(cells::mark(cell, value))
}

/// A table over the last two varying axes for each value of the others.
fn tables(run: &Run, cells: &[Cell<'_>], metric: &Metric) -> Vec<Table> {
    let axes = run.varying_axes();
    let [outer @ .., rows, columns] = axes.as_slice() else { return Vec::new() };
    let splits = combinations(outer);
    let values = |cell: &Cell<'_>| cell.spread(metric.value).map(|spread| spread.median);
    let scale = Spread::from_values(cells.iter().filter_map(values));
    let heat = |cell: &Cell<'_>| {
        let (value, scale) = (values(cell)?, scale.as_ref()?);
        let part = (value - scale.min) / (scale.max - scale.min);
        Some(Emphasis::Heat((1000.0 * part.clamp(0.0, 1.0)) as u16))
    };
    let size = (cells.len() / splits.len().max(1)).max(1);
    let table = |(split, cells): (&Vec<_>, &[Cell<'_>])| {
        let title = match run.describe_point(split.iter().copied()) {
            empty if empty.is_empty() => metric.title.to_owned(),
            place => format!("{} ({place})", metric.title),
        };
        let corner = format!("{} ↓ {} →", run.axis_name(&rows.path), run.axis_name(&columns.path));
        let head =
            std::iter::once(corner).chain(columns.values.iter().map(describe_value)).collect();
        let emphasis = cells.iter().enumerate().filter_map(|(number, cell)| {
            let [row, column] = [number / columns.values.len(), number % columns.values.len() + 1];
            Some(((row, column), heat(cell)?))
        });
        let emphasis = emphasis.collect();
        let in_cell = |cell: &Cell<'_>| describe(cell, metric).unwrap_or_else(|| "·".to_owned());
        let lines = cells.chunks(columns.values.len()).zip(&rows.values);
        let lines = lines.map(|(cells, at)| {
            std::iter::once(describe_value(at)).chain(cells.iter().map(in_cell)).collect()
        });
        Table { title, head, rows: lines.collect(), keys: 1, emphasis, ..Table::default() }
    };
    splits.iter().zip(cells.chunks(size)).map(table).collect()
}
