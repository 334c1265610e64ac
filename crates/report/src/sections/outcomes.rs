//! The outcomes of the attempts, and errors of the server.

use crate::document::{Block, Section, Source};
use crate::evidence;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let mut section = Section::new("outcomes", "Outcomes of the attempts");
    let chart = source.draw(|| charts::outcomes(&source.cells));
    if !chart.is_empty() {
        let summed = match source.run.is_repeated() {
            true => ", summed over the repetitions of a cell",
            false => "",
        };
        section.page(Block::caption(format!("Every attempt has exactly one outcome{summed}.")));
        section.page(Block::charts_of(chart));
    }
    if let Some(unfinished) = evidence::unfinished(source.run) {
        section.summary(Block::Preformatted(unfinished));
    }
    if let Some(errors) = evidence::server_errors(source.run) {
        section.report(Block::Preformatted(errors));
    }
    section.if_any()
}
