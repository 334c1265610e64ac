//! The trials of a run that is read while it grows.

use std::borrow::Cow;

use crate::directory::{malformed, parse};
use crate::error::RunDirectoryError;
use crate::folder::Folder;
use crate::lines::read_lines;
use crate::planned::PlannedTrials;
use crate::run::RunRecord;
use crate::trial::TrialRecord;
use crate::trials_file::TRIALS_FILE;

/// The trials of a run that is read while it grows: each is read once, and checked against the
/// plan.
#[derive(Debug)]
pub struct FollowedTrials {
    planned: PlannedTrials<'static>,
    /// What has been read of the file: bytes, and lines.
    bytes: u64,
    lines: usize,
}

impl FollowedTrials {
    /// Follows a run from its first trial.
    pub fn new(run: &RunRecord) -> Self {
        Self { planned: PlannedTrials::new(Cow::Owned(run.clone())), bytes: 0, lines: 0 }
    }

    /// Passes each trial that was appended since the last call to `each`.
    ///
    /// # Errors
    /// If they cannot be read, are damaged, or are not planned. Those before the first such
    /// line have been passed on; the next call begins with that line.
    pub fn read(
        &mut self,
        folder: &Folder,
        mut each: impl FnMut(TrialRecord),
    ) -> Result<(), RunDirectoryError> {
        read_lines(folder, TRIALS_FILE, (self.bytes, self.lines), |number, line| {
            let trial = parse(folder, number, line)?;
            self.planned.check(&trial).map_err(|reason| malformed(folder, number, reason))?;
            each(trial);
            (self.bytes, self.lines) = (self.bytes + line.len() as u64, number);
            Ok(())
        })?;
        Ok(())
    }
}
