//! The suite's run directories, and which of them are good.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use run_record::{Folder, run_order};

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
    let runs = in_order(&out.join(suite)).into_iter();
    runs.rev().find(|run| run.join("suite.json").is_file() && accepts(run))
}

/// The run directories in a directory, in the order in which the runs began; none if it cannot
/// be read. Hidden ones are those of runs that begin.
pub(super) fn in_order(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut runs: Vec<_> = entries.map(|entry| entry.path()).collect();
    runs.retain(|run| !name(run).starts_with('.'));
    runs.sort_by_cached_key(|run| run_order(&name(run)));
    runs
}

/// The name of a run's directory.
fn name(run: &Path) -> String {
    run.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_good_run_is_the_one_that_began_last_whatever_the_clock_is() {
        let out = tempfile::tempdir().unwrap();
        let [first, second, tenth] = ["", "-2", "-10"].map(|number| {
            let run = out.path().join("nightly").join(format!("2031-05-01T00-00-00Z{number}"));
            fs::create_dir_all(&run).unwrap();
            fs::write(run.join("suite.json"), "{}").unwrap();
            run
        });
        for good in [&first, &tenth, &second] {
            mark_good(good, "here").unwrap();
        }
        // Of a suite that was killed as it began.
        let hidden = out.path().join("nightly/.2031-05-01T00-00-00Z-11.partial");
        fs::create_dir(&hidden).unwrap();
        fs::write(hidden.join("suite.json"), "{}").unwrap();
        assert_eq!(newest(out.path(), "nightly"), Some(tenth.clone()));
        assert_eq!(newest_good(out.path(), "nightly", "here"), Some(tenth.clone()));
        fs::remove_file(tenth.join("good")).unwrap();
        assert_eq!(newest_good(out.path(), "nightly", "here"), Some(second));
        assert_eq!(newest_good(out.path(), "nightly", "elsewhere"), None);
    }
}
