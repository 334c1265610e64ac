//! Candidates from names: only those that a terminal can show and a shell can insert.

use std::ffi::OsStr;

use clap_complete::engine::ValueCompleter;
use clap_complete::{CompletionCandidate, PathCompleter};

/// A name with a line of help. `None` if the name has a character that a shell would interpret.
pub(super) fn candidate(name: &str, help: Option<&str>) -> Option<CompletionCandidate> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=+:,%@".contains(c);
    let help = help.map(|help| visible::line(help.trim()).into_owned().into());
    (!name.is_empty() && name.chars().all(is_plain))
        .then(|| CompletionCandidate::new(name).help(help))
}

/// The files that the word may mean, if it begins like a path.
pub(super) fn files(word: &OsStr) -> Vec<CompletionCandidate> {
    let is_path =
        word.to_string_lossy().starts_with(['.', '/', '~']) || word.to_string_lossy().contains('/');
    match is_path {
        true => PathCompleter::any().complete(word),
        false => Vec::new(),
    }
}
