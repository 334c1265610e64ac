//! Lines over the last axis: the two charts of the original benchmark.

use run_view::{ORIGINAL_THROUGHPUT, metrics};

use crate::bounds::has_too_many_cells;
use crate::document::{Block, Section, Source};

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let axes = run.varying_axes();
    let throughput = Some(&ORIGINAL_THROUGHPUT).filter(|metric| metric.applies_to(run));
    let success = metrics(run).find(|metric| metric.name == "success");
    if has_too_many_cells(run) {
        return None;
    }
    let lines = source.draw(|| {
        let metrics = throughput.into_iter().chain(success);
        metrics.flat_map(|metric| charts::lines(run, &source.cells, metric)).collect::<Vec<_>>()
    });
    if lines.is_empty() {
        return None;
    }
    let along = axes.last().map_or("the cells", |axis| run.axis_name(&axis.path));
    let mut section = Section::new("lines", format!("Over {along}"));
    let points = match run.is_repeated() {
        true => "Points are medians of the repetitions, bars are their ranges.",
        false => "Each point is a single trial: the variation between trials is unknown.",
    };
    let series = match axes.as_slice() {
        [.., series, _] => format!(" A line for each {}.", run.axis_name(&series.path)),
        _ => String::new(),
    };
    section.page(Block::caption(format!("{points}{series}")));
    section.page(Block::charts_of(lines));
    Some(section)
}
