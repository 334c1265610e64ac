//! The files that pass results from step to step.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use run_record::Folder;

use crate::error::{CommandError, Result};

/// A problem of the step that looks for a baseline.
pub(super) const NOTE: &str = "note";
/// The exit code of the run.
pub(super) const RUN_CODE: &str = "run.code";
/// The directory of the suite's run.
pub(super) const SUITE: &str = "suite";
/// The directory of the run to compare with.
pub(super) const BASELINE: &str = "baseline";
/// The comparison, for the job's summary.
pub(super) const COMPARISON: &str = "comparison.md";
/// The exit code of the comparison, or `accepted`.
pub(super) const COMPARE_CODE: &str = "compare.code";
/// The verdict of the comparison, or `accepted`.
pub(super) const VERDICT: &str = "verdict";
/// The job's summary outside GitHub.
pub(super) const SUMMARY: &str = "summary.md";

/// The directory of those files.
#[derive(Debug)]
pub(super) struct StepFiles {
    directory: PathBuf,
}

impl StepFiles {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// The trimmed text of a file; `None` if it is absent or empty.
    pub(super) fn read(&self, name: &str) -> Option<String> {
        let text = Folder::open(&self.directory).ok()?.read_text(name).ok()??;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Writes a file; creates the directory if necessary.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<()> {
        let folder = Folder::create_all(&self.directory)?;
        Ok(folder.replace(name, |file| file.write_all(text.as_bytes()))?)
    }

    /// Adds a text to a file.
    pub(super) fn append(&self, name: &str, text: &str) -> Result<()> {
        let before = Folder::create_all(&self.directory)?.read_text(name)?;
        self.write(name, &(before.unwrap_or_default() + text))
    }

    pub(super) fn remove(&self, name: &str) {
        // Usually absent.
        let _ = fs::remove_file(self.path(name));
    }

    /// Removes the files of an earlier run, except the note of the baseline step.
    pub(super) fn clear(&self) -> Result<()> {
        let Ok(entries) = fs::read_dir(&self.directory) else { return Ok(()) };
        for entry in entries.flatten() {
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            if is_file && entry.file_name() != NOTE {
                fs::remove_file(entry.path()).map_err(io_error("remove", &entry.path()))?;
            }
        }
        Ok(())
    }
}

/// Appends to a file of the CI system, which is created if there is none.
pub(super) fn append_to(path: &Path, text: &str) -> Result<()> {
    let file = fs::OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(io_error("write", path))
}

/// The error of an action on a file.
pub(super) fn io_error(action: &str, path: &Path) -> impl FnOnce(io::Error) -> CommandError {
    let action = format!("{action} {}", path.display());
    move |source| CommandError::Io { action, source }
}
