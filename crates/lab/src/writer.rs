//! The only writer of a run's records, those of a standalone load too.

use std::path::Path;

use run_record::{Folder, RunDirectory, RunDirectoryError, RunRecord};

use crate::trial::TrialOutput;

/// Appends trials to a run directory and closes it.
#[derive(Debug)]
pub(crate) struct Writer {
    directory: RunDirectory,
    attempts: bool,
    timelines: bool,
}

impl Writer {
    /// Writes to `directory` what the scenario records.
    pub(crate) fn new(directory: RunDirectory, record: &scenario::Record) -> Self {
        Self { directory, attempts: record.attempts, timelines: record.timelines }
    }

    /// The run directory.
    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The open run directory.
    pub(crate) fn folder(&self) -> &Folder {
        self.directory.folder()
    }

    /// Removes the directory of a run that has no trial.
    pub(crate) fn discard(self) {
        // What remains is a run without trials, which says so.
        let _ = self.directory.discard();
    }

    /// Appends a trial, its rows first: a trial that is recorded is complete.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub(crate) fn append(&mut self, output: &TrialOutput) -> Result<(), RunDirectoryError> {
        let TrialOutput { record, attempts, timeline } = output;
        if self.attempts {
            self.directory.write_attempts(record.execution_id(), attempts)?;
        }
        if self.timelines {
            self.directory.write_timeline(record.execution_id(), timeline)?;
        }
        self.directory.append(record)
    }

    /// Records the end of the run.
    ///
    /// # Errors
    /// If `run.json` cannot be written.
    pub(crate) fn finish(&self, record: &mut RunRecord) -> Result<(), RunDirectoryError> {
        self.directory.finish(record)
    }
}
