//! The terminal's summary.

use run_view::Run;

use crate::{answer, cells, checks, evidence, grid, laws, simulation, waits, why};

/// What the run found, as plain text: readable without colour, and without a
/// terminal.
pub fn summary(run: &Run) -> String {
    let record = &run.record;
    let mut sections = vec![format!("{}: {}", record.scenario.name, record.scenario.question)];
    sections.extend(answer::unfinished(run));
    sections.extend(run.fixed_axes());
    sections.extend(grid::grids(run));
    sections.extend(cells::cells(run));
    sections.push(evidence::outcomes(run));
    sections.extend(evidence::worst_connect(run));
    sections.extend(waits::waits(run));
    sections.extend(evidence::counters(run));
    sections.extend(evidence::server_troubles(run));
    sections.extend(evidence::generator(run));
    sections.extend(laws::laws(run));
    sections.extend(simulation::agreement(run));
    sections.extend(why::section(run));
    sections.push(run.hosts());
    sections.push(checks::text(&run.verdict));
    sections.join("\n\n")
}
