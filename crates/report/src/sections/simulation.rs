//! Simulated and measured values.

use crate::document::{Block, Section, Source};
use crate::{bounds, pace_simulation, simulation};

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let mut section = Section::new("simulation", "Simulated and measured");
    let chart =
        source.draw(|| charts::simulation(source.run, bounds::is_large(source.run), source.beside));
    if !chart.is_empty() {
        section.page(Block::caption(
            "The simulator repeats each trial by the kernel's rules, only from the settings and the \
             times of the server's accept(2); a program that was stopped accepted nothing until every \
             attempt was decided.",
        ));
        section.page(Block::charts_of(chart));
    }
    if let Some(agreement) = simulation::agreement(source.run) {
        section.report(Block::text(agreement));
    }
    if let Some(table) = pace_simulation::table(&source.cells) {
        section.report(Block::caption(pace_simulation::CAPTION));
        section.report(table);
    }
    if let Some(reasons) = simulation::not_simulated(source.run) {
        section.report(Block::text(reasons));
    }
    section.if_any()
}
