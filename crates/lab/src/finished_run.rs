//! A run that came to its end.

use std::path::PathBuf;

use run_record::{RunRecord, TrialRecord};

/// A run that came to its end.
#[derive(Debug)]
pub struct FinishedRun {
    /// Its directory.
    pub path: PathBuf,
    /// Its record.
    pub record: RunRecord,
    /// Every trial, those of before a resume included.
    pub trials: Vec<TrialRecord>,
}

impl FinishedRun {
    /// Whether no check failed, by the recorded verdict.
    pub fn held(&self) -> bool {
        self.record.verdict.as_ref().is_some_and(|verdict| !verdict.verdict.is_failed())
    }
}
