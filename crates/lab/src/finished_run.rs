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
