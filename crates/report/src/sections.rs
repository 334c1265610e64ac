//! The sections of a run's document, in their order.
//!
//! A new section is a file here and a line in [`SECTIONS`]: every format has it then.

mod answer;
mod cells;
mod checks;
mod counters;
mod environment;
mod files;
mod glance;
mod latency;
mod laws;
mod lines;
mod outcomes;
mod queues;
mod simulation;
mod why;

use crate::document::{Document, Section, Source};

/// Makes a section; none if the run has nothing for it.
type Builder = fn(&Source<'_>) -> Option<Section>;

const SECTIONS: &[Builder] = &[
    answer::section,
    glance::section,
    lines::section,
    outcomes::section,
    latency::section,
    queues::section,
    counters::section,
    laws::section,
    simulation::section,
    why::section,
    environment::section,
    checks::section,
    cells::section,
    files::section,
];

/// The document of a run.
pub(crate) fn document(source: &Source<'_>) -> Document {
    let record = &source.run.record;
    let quick = if record.scenario.overrides.quick { " · quick" } else { "" };
    Document {
        name: record.scenario.name.clone(),
        question: record.scenario.question.clone(),
        byline: format!("{quick} · {}", record.started.strftime("%Y-%m-%d %H:%M UTC")),
        sections: SECTIONS.iter().filter_map(|section| section(source)).collect(),
    }
}
