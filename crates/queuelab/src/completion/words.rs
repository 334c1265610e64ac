//! The words before the one to complete: a completer is only given the latter.

use std::ffi::OsString;

use scenario::{Document, ScenarioFile};

/// The words that the shell passes after `--`, without the program and the last word.
fn before() -> Vec<String> {
    let words: Vec<_> = std::env::args_os().skip_while(|word| word != "--").skip(2).collect();
    let (_, before) = words.split_last().unwrap_or((&OsString::new(), &[])).to_owned();
    before.iter().map(|word| word.to_string_lossy().into_owned()).collect()
}

/// The scenario that one of the words names.
pub(super) fn scenario() -> Option<ScenarioFile> {
    let words = before();
    // The first word is the command.
    let names = words.iter().skip(1).filter(|word| !word.starts_with('-') && !word.contains('='));
    names.filter_map(|name| scenario::load(name).ok()).find_map(|document| match document {
        Document::Scenario(file) => Some(file),
        Document::Suite(_) => None,
    })
}

/// Whether the flag is among the words.
pub(super) fn has_flag(flag: &str) -> bool {
    before().iter().any(|word| word == flag)
}
