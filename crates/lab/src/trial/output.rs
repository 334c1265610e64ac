//! What a trial leaves.

use run_record::{AttemptRow, TimelineRow, TrialRecord};

/// What a trial leaves.
#[derive(Debug)]
pub(crate) struct TrialOutput {
    pub(crate) record: TrialRecord,
    pub(crate) attempts: Vec<AttemptRow>,
    /// Empty unless the scenario asks for it.
    pub(crate) timeline: Vec<TimelineRow>,
}
