//! How long connects took, and who waited for SYN retransmissions.

use crate::document::{Block, Section, Source};
use crate::{evidence, waits};

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let run = source.run;
    let mut section = Section::new("latency", "How long a connect takes");
    let chart = source.draw(|| charts::latency(run, &source.cells));
    if !chart.is_empty() {
        section.page(Block::caption(
            "From connect(2) to ESTABLISHED at the client, of attempts that got so far, a cell's \
             repetitions together; the axis goes by powers of ten. What lies just behind a red mark \
             waited for a SYN to be sent again.",
        ));
        section.page(Block::charts_of(chart));
    }
    if let Some(worst) = evidence::worst_connect(run) {
        section.report(Block::text(worst));
    }
    if let Some(waits) = waits::waits(run) {
        let title = "Who waited for SYN retransmissions";
        section.report(Block::folded(title, vec![Block::Preformatted(waits)]));
    }
    section.if_any()
}
