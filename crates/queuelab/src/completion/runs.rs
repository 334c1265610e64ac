//! The directories of runs.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use clap_complete::CompletionCandidate;

use super::candidates::{candidate, files};

/// Where `queuelab run` stores runs unless `--out` is given.
const RUNS: &str = "reports/runs";
/// The most runs that are offered: a list that still fits a screen or two.
const MAX_RUNS: usize = 100;

/// Completes the directory of a run or suite: those in the usual place, the newest first, or any
/// other path.
pub(crate) fn runs(word: &OsStr) -> Vec<CompletionCandidate> {
    let text = word.to_string_lossy();
    let mut found: Vec<PathBuf> = match RUNS.starts_with(&*text) || text.starts_with(RUNS) {
        true => {
            directories(Path::new(RUNS)).iter().flat_map(|of_one| directories(of_one)).collect()
        }
        false => Vec::new(),
    };
    found.retain(|path| path.to_string_lossy().starts_with(&*text));
    found.sort_by(|a, b| b.file_name().cmp(&a.file_name()));
    found.truncate(MAX_RUNS);
    if found.is_empty() {
        return files(word);
    }
    let scenario = |path: &Path| Some(path.parent()?.file_name()?.to_string_lossy().into_owned());
    let named = |path: &PathBuf| candidate(path.to_str()?, scenario(path).as_deref());
    found.iter().filter_map(named).collect()
}

fn directories(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}
