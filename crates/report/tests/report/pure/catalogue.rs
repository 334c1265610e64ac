//! The answer of each scenario of the catalogue, word for word.
//!
//! `baseline` has those of recorded runs, in the scenarios' quick forms; `figures` has those of
//! full forms, and of scenarios whose figures no law predicts, with figures made up for the
//! test.

use std::path::Path;

use report::{Run, answer};
use scenario::Document;

mod baseline;
mod figures;
pub(crate) mod planned;

/// Each run's question and answer.
fn answers(runs: &[Run]) -> String {
    let answered = |run: &Run| {
        let scenario = &run.record.scenario;
        format!("{}: {}\n{}\n", scenario.name, scenario.question, answer(run))
    };
    runs.iter().map(answered).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_scenario_of_the_catalogue_has_an_answer_here() {
    let full = figures::RUNS.map(|run| run().record.scenario.name);
    let answered: Vec<&str> =
        baseline::SCENARIOS.into_iter().chain(full.iter().map(String::as_str)).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut scenarios = 0;
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let Document::Scenario(file) = scenario::load(path.to_str().unwrap()).unwrap() else {
            continue;
        };
        scenarios += 1;
        assert!(answered.contains(&file.source().name.as_str()), "{}", path.display());
    }
    assert!(scenarios >= 25, "{scenarios}");
}
