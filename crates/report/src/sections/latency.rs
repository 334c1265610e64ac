//! Connect latencies, and the attempts that waited for SYN retransmissions.

use crate::bounds::has_too_many_cells;
use crate::document::{Block, Section, Source};
use crate::{evidence, syn_waits};
use run_view::TrialView;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let mut section = Section::new("latency", "Connect latency");
    let is_drawn = !has_too_many_cells(run);
    let chart = source.draw(|| {
        let chart = is_drawn.then(|| charts::latency(run, &source.cells, source.beside));
        chart.flatten()
    });
    if !chart.is_empty() {
        section.page(Block::caption(
            "From connect(2) to ESTABLISHED at the client, for the attempts of all repetitions of a \
             cell that connected; the axis is logarithmic. Attempts just after a red mark waited for \
             a SYN retransmission.",
        ));
        section.page(Block::charts_of(chart));
    }
    let chart = source.draw(|| {
        let chart = is_drawn.then(|| charts::response(run, &source.cells, source.beside));
        chart.flatten()
    });
    if !chart.is_empty() {
        section.page(Block::caption(
            "From the intended start of a request to the end of its answer, for the expected \
             answers of all repetitions of a cell; the axis is logarithmic.",
        ));
        section.page(Block::charts_of(chart));
    }
    let pattern = |trial| TrialView::new(&run.record, trial).text("load.pattern");
    if run.trials.iter().any(|trial| pattern(trial) == Some("concurrent")) {
        section.report(Block::text(
            "With `pattern: concurrent`, the load is a closed loop: an attempt starts when another \
             has ended, and its times are from its own start. A slow server therefore gets fewer \
             attempts per second, and their times do not include the wait of those not started.",
        ));
    }
    if let Some(worst) = evidence::worst_connect(run) {
        section.report(Block::text(worst));
    }
    if let Some(waits) = syn_waits::syn_waits(run) {
        let title = "Attempts that waited for SYN retransmissions";
        section.report(Block::folded(title, waits));
    }
    section.if_any()
}
