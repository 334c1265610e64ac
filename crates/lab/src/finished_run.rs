//! A run that was completed.

use std::path::PathBuf;

use run_record::{RunRecord, TrialRecord};

/// A run that was completed.
#[derive(Debug)]
pub struct FinishedRun {
    /// The run's directory.
    pub path: PathBuf,
    /// The run's record.
    pub record: RunRecord,
    /// Every trial, including those before a resume.
    pub trials: Vec<TrialRecord>,
}

impl FinishedRun {
    /// Whether no check failed, according to the recorded verdict.
    pub fn held(&self) -> bool {
        self.record.verdict.as_ref().is_some_and(|verdict| !verdict.verdict.is_failed())
    }
}
