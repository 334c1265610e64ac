//! The rows that were recorded of a trial.

use run_record::{AttemptRow, TimelineRow};

/// The recorded rows of a trial.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// Readings of the queues, by time.
    pub timeline: &'a [TimelineRow],
    /// One row per attempt.
    pub attempts: &'a [AttemptRow],
}
