//! Every metric of every cell: maps where charts can be shown, tables elsewhere.

use charts::Chart;
use run_view::number::value;
use run_view::{Cell, Metric, Run, combinations, metrics};

use crate::cells;
use crate::document::{Block, Section, Source, Tone};
use crate::evidence;
use crate::table::Table;

/// Metrics whose maps are shown at once; the others unfold.
const UNFOLDED: usize = 2;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let mut section = Section::new("cells-at-a-glance", "Every cell at a glance");
    if let Some(fixed) = run.fixed_axes() {
        section.summary(Block::text(fixed));
    }
    section.summary(Block::caption(match run.is_repeated() {
        true => "Median of the repetitions, with their range where they differ.",
        false => "One trial a cell: how much chance moves a figure is not seen here.",
    }));
    if let Some(table) = cells::table(run) {
        section.summary(table);
    } else {
        section.page(Block::caption(
            "All maps of a metric have one scale. A cell that is clicked (or Tab and Enter) shows \
             its trials.",
        ));
        let mut metrics: Vec<_> =
            metrics(run).map(|metric| Shown::new(source, metric)).filter(Shown::is_any).collect();
        metrics.sort_by_key(|shown| order(shown.metric));
        let others = metrics.split_off(metrics.len().min(UNFOLDED));
        section.summary(drawn(metrics));
        if !others.is_empty() {
            section.summary(Block::folded("More figures", vec![drawn(others)]));
        }
    }
    if let Some(warning) = evidence::generator(run) {
        section.summary(Block::Text(Tone::Warning, warning));
    }
    Some(section)
}

/// A metric as maps and as words.
struct Shown {
    metric: &'static Metric,
    maps: Vec<Chart>,
    words: Vec<Block>,
}

impl Shown {
    fn new(source: &Source<'_>, metric: &'static Metric) -> Self {
        let (run, cells) = (source.run, &source.cells);
        let written: Vec<_> = cells.iter().map(|cell| written(cell, metric)).collect();
        let same = written.first().filter(|first| written.iter().all(|other| other == *first));
        let words = match same {
            Some(Some(everywhere)) => {
                vec![Block::text(format!("{}: {everywhere} in every cell.", metric.title))]
            }
            // No trial of any cell has it.
            Some(None) => Vec::new(),
            None => tables(run, cells, metric).into_iter().map(Block::from).collect(),
        };
        let has_map = same.is_none() || order(metric) < UNFOLDED;
        let maps = source
            .draw(|| if has_map { charts::heat_maps(run, cells, metric) } else { Vec::new() });
        Self { metric, maps, words }
    }

    fn is_any(&self) -> bool {
        !self.maps.is_empty() || !self.words.is_empty()
    }
}

fn drawn(metrics: Vec<Shown>) -> Block {
    let (mut charts, mut words) = (Vec::new(), Vec::new());
    for shown in metrics {
        charts.extend((!shown.maps.is_empty()).then_some(shown.maps));
        words.extend(shown.words);
    }
    Block::Drawn { charts, words }
}

/// What most questions are about first: who got in, and what arrived.
fn order(metric: &Metric) -> usize {
    match metric.name {
        "success" => 0,
        "delivered" => 1,
        "first-try" => 2,
        _ => 3,
    }
}

fn written(cell: &Cell<'_>, metric: &Metric) -> Option<String> {
    cell.spread(metric.of).map(|spread| spread.written(metric.write))
}

/// A table over the last two varying axes for each value of the others.
fn tables(run: &Run, cells: &[Cell<'_>], metric: &Metric) -> Vec<Table> {
    let axes = run.varying_axes();
    let [outer @ .., rows, columns] = axes.as_slice() else { return Vec::new() };
    let splits = combinations(outer);
    let size = (cells.len() / splits.len().max(1)).max(1);
    let table = |(split, cells): (&Vec<_>, &[Cell<'_>])| {
        let title = match run.describe_point(split.iter().copied()) {
            everywhere if everywhere.is_empty() => metric.title.to_owned(),
            place => format!("{} ({place})", metric.title),
        };
        let corner = format!("{} ↓ {} →", run.axis_name(&rows.path), run.axis_name(&columns.path));
        let head = std::iter::once(corner).chain(columns.values.iter().map(value)).collect();
        let in_cell = |cell: &Cell<'_>| written(cell, metric).unwrap_or_else(|| "·".to_owned());
        let lines = cells.chunks(columns.values.len()).zip(&rows.values);
        let lines = lines.map(|(cells, at)| {
            std::iter::once(value(at)).chain(cells.iter().map(in_cell)).collect()
        });
        Table { title, head, rows: lines.collect(), words: 0 }
    };
    splits.iter().zip(cells.chunks(size)).map(table).collect()
}
