//! The answer of each scenario of the catalogue, word for word.
//!
//! `baseline` has those of recorded runs, in the scenarios' quick forms; `figures` has those of
//! full forms, and of scenarios whose figures no law predicts, with figures that were measured
//! once.

mod baseline;
mod figures;
pub(crate) mod planned;

use report::{Run, answer};

/// Each run's question and answer.
fn answers(runs: &[Run]) -> String {
    let answered = |run: &Run| {
        let scenario = &run.record.scenario;
        format!("{}: {}\n{}\n", scenario.name, scenario.question, answer(run))
    };
    runs.iter().map(answered).collect::<Vec<_>>().join("\n")
}
