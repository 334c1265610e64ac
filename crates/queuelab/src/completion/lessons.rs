//! The names of lessons, with their questions.

use std::ffi::OsStr;

use clap_complete::CompletionCandidate;

use super::candidates::{candidate, files};

/// Completes the name of a lesson, or the path of a file.
pub(crate) fn lessons(word: &OsStr) -> Vec<CompletionCandidate> {
    let Some(text) = word.to_str() else { return files(word) };
    let lessons = lesson::catalogue().unwrap_or_default();
    let named = lessons
        .iter()
        .filter(|lesson| lesson.name.starts_with(text))
        .filter_map(|lesson| candidate(&lesson.name, Some(&lesson.title)));
    named.chain(files(word)).collect()
}
