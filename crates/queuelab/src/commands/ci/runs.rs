//! The suite's run directories, and which of them are good.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use run_record::Folder;

use crate::error::Result;

/// The file in the directory of a good run. It holds the kind of machine.
const GOOD: &str = "good";

/// The newest run of a suite below a directory.
pub(super) fn newest(out: &Path, suite: &str) -> Option<PathBuf> {
    find(out, suite, |_| true)
}

/// The newest run of a suite that was good on that kind of machine.
pub(super) fn newest_good(out: &Path, suite: &str, machine: &str) -> Option<PathBuf> {
    let is_good = |run: &Path| {
        let marked = Folder::open(run).and_then(|run| run.read_text(GOOD)).ok().flatten();
        marked.is_some_and(|marked| marked.trim() == machine)
    };
    find(out, suite, is_good)
}

/// Marks a run as good on that kind of machine: it can be a baseline.
pub(super) fn mark_good(run: &Path, machine: &str) -> Result<()> {
    Ok(Folder::open(run)?.replace(GOOD, |file| writeln!(file, "{machine}"))?)
}

fn find(out: &Path, suite: &str, accepts: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    let entries = fs::read_dir(out.join(suite)).ok()?;
    let mut runs: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    // The names are times.
    runs.sort();
    runs.into_iter().rev().find(|run| run.join("suite.json").is_file() && accepts(run))
}
