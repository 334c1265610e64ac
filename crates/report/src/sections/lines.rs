//! Metrics over the last axis: that of the headline, success, and the original's throughput.

use std::mem;

use run_view::{ORIGINAL_THROUGHPUT, metrics};

use crate::answer;
use crate::bounds::has_too_many_cells;
use crate::document::{Block, Section, Source};

/// What the original's figure is, and why it is not the headline.
const ORIGINAL: &str = "The original benchmark printed this figure: the messages of clients that \
    succeeded, divided by the time of all attempts. It falls while clients wait for the handshake, \
    although the server delivers as many messages per second as before; the metric “delivered” is \
    the rate at which messages arrive.";

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let axes = run.varying_axes();
    if has_too_many_cells(run) {
        return None;
    }
    let lines = |metric| source.draw(|| charts::lines(run, &source.cells, metric, source.beside));
    let main = answer::headline_metric(run);
    let mut of_main = lines(main);
    let success = metrics(run).find(|metric| metric.name == "success" && metric.name != main.name);
    let of_success = success.map(lines).unwrap_or_default();
    let original = Some(&ORIGINAL_THROUGHPUT).filter(|metric| metric.applies_to(run));
    let of_original = original.map(lines).unwrap_or_default();
    let along = axes.last().map_or("the cells", |axis| run.axis_name(&axis.path));
    let mut section = Section::new("lines", format!("Over {along}"));
    // With more axes, maps of the cells show it.
    if axes.len() == 1 {
        section.lead(mem::take(&mut of_main));
    }
    of_main.extend(of_success);
    if !of_main.is_empty() {
        let points = match run.is_repeated() {
            true => "Points are medians of the repetitions, bars are their ranges.",
            false => "Each point is a single trial: the variation between trials is unknown.",
        };
        let series = match axes.as_slice() {
            [.., series, _] => format!(" A colour for each {}.", run.axis_name(&series.path)),
            _ => String::new(),
        };
        section.page(Block::caption(format!("{points}{series}")));
        section.page(Block::charts_of(of_main));
    }
    if !of_original.is_empty() {
        let blocks = vec![Block::caption(ORIGINAL), Block::charts_of(of_original)];
        section.page(Block::folded("The original benchmark's throughput", blocks));
    }
    section.if_any()
}
