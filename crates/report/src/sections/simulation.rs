//! What the simulator finds, beside what was measured.

use crate::document::{Block, Section, Source};
use crate::simulation;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let mut section = Section::new("simulation", "Simulated, and measured");
    let chart = source.draw(|| charts::simulation(source.run));
    if !chart.is_empty() {
        section.page(Block::caption(
            "The simulator plays each trial again by the kernel's rules, given nothing but the \
             settings and the instants at which the server accepted.",
        ));
        section.page(Block::charts_of(chart));
    }
    if let Some(agreement) = simulation::agreement(source.run) {
        section.report(Block::text(agreement));
    }
    section.if_any()
}
