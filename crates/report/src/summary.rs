//! The terminal's summary.

use crate::{Run, cells, checks, evidence, grid, laws, simulation, waits, why};

/// What the run found, as plain text: readable without colour, and without a
/// terminal.
pub fn summary(run: &Run) -> String {
    let record = &run.record;
    let mut sections = vec![format!("{}: {}", record.scenario.name, record.scenario.question)];
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
    let planned = record.planned_trials as usize;
    if run.trials.len() < planned {
        sections.push(format!(
            "Not finished: {} of {planned} trials. `queuelab run --resume RUN` does the rest.",
            run.trials.len()
        ));
    }
    sections.push(run.hosts());
    sections.push(checks::verdict(run));
    sections.join("\n\n")
}
