//! The output of a trial.

use run_record::{AttemptRow, TimelineRow, TrialRecord};

/// The output of a trial.
#[derive(Debug)]
pub(crate) struct TrialOutput {
    pub(crate) record: TrialRecord,
    pub(crate) attempts: Vec<AttemptRow>,
    /// Empty unless the scenario records it.
    pub(crate) timeline: Vec<TimelineRow>,
}
