//! Scenarios and suites, with their questions.

use std::ffi::OsStr;

use clap_complete::CompletionCandidate;
use scenario::Document;

use super::candidates::{candidate, files};
use super::runs::runs;

/// Completes the name of a scenario or suite, or the path of a file.
pub(crate) fn documents(word: &OsStr) -> Vec<CompletionCandidate> {
    complete(word, |_| true)
}

/// Completes the name of a scenario, or the path of a file.
pub(crate) fn scenarios(word: &OsStr) -> Vec<CompletionCandidate> {
    complete(word, |document| matches!(document, Document::Scenario(_)))
}

/// Completes as [`scenarios`], or the directory of a run.
pub(crate) fn scenarios_and_runs(word: &OsStr) -> Vec<CompletionCandidate> {
    match word.is_empty() {
        // The runs would hide the scenarios.
        true => scenarios(word),
        false => scenarios(word).into_iter().chain(runs(word)).collect(),
    }
}

fn complete(word: &OsStr, is_meant: impl Fn(&Document) -> bool) -> Vec<CompletionCandidate> {
    let Some(text) = word.to_str() else { return files(word) };
    let named = scenario::catalogue();
    let named = named
        .iter()
        .filter(|document| document.name().starts_with(text) && is_meant(document))
        .filter_map(|document| candidate(document.name(), document.question()));
    named.chain(files(word)).collect()
}
