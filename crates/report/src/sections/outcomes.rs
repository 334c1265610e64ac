//! How the attempts ended, and what went wrong inside the server.

use crate::document::{Block, Section, Source};
use crate::evidence;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let mut section = Section::new("outcomes", "How the attempts ended");
    let chart = source.draw(|| charts::outcomes(&source.cells));
    if !chart.is_empty() {
        let summed = match source.run.is_repeated() {
            true => "; a cell's repetitions are summed",
            false => "",
        };
        section.page(Block::caption(format!("Every attempt ends in exactly one way{summed}.")));
        section.page(Block::charts_of(chart));
    }
    if let Some(troubles) = evidence::server_troubles(source.run) {
        section.report(Block::Preformatted(troubles));
    }
    section.if_any()
}
