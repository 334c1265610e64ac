//! The sections of a run's document, in their order.
//!
//! A new section is a file in `sections/` with a function `section`, and its name at its
//! place in the list below. Every format then has it.

use crate::document::{Document, Section, Source};

/// Makes a section; none if the run has nothing for it.
type Builder = fn(&Source<'_>) -> Option<Section>;

/// Declares the modules of the sections, and lists their builders in the same order.
macro_rules! sections {
    ($($name:ident,)+) => {
        $(mod $name;)+

        const SECTIONS: &[Builder] = &[$($name::section),+];
    };
}

// `cargo fmt` does not find these files: `.ci/run` and `just lint` check them by name.
sections! {
    answer,
    glance,
    lines,
    outcomes,
    destinations,
    latency,
    queues,
    counters,
    laws,
    simulation,
    why,
    program,
    ledger,
    environment,
    disturbance,
    checks,
    cells,
    files,
}

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
