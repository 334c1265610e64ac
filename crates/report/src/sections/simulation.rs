//! Simulated and measured values.

use crate::document::{Block, Section, Source};
use crate::{bounds, simulation};

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let mut section = Section::new("simulation", "Simulated and measured");
    let chart =
        source.draw(|| charts::simulation(source.run, bounds::is_large(source.run), source.beside));
    if !chart.is_empty() {
        section.page(Block::caption(
            "The simulator repeats each trial by the kernel's rules, only from the settings and the \
             times of the server's accept(2).",
        ));
        section.page(Block::charts_of(chart));
    }
    if let Some(agreement) = simulation::agreement(source.run) {
        section.report(Block::text(agreement));
    }
    if let Some(reasons) = simulation::not_simulated(source.run) {
        section.report(Block::text(reasons));
    }
    section.if_any()
}
