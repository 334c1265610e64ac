//! The verdict on a run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{CellVerdict, CheckKind, CheckVerdict, TrialVerdict, Verdict, Violation};
use crate::ExecutionId;

/// The verdict on a run: everything that a report, an exit code or a list of runs
/// needs to know of what held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunVerdict {
    /// The whole run in one word.
    pub verdict: Verdict,
    /// Trials planned.
    pub planned: u32,
    /// Planned trials that were run, retries not counted.
    pub trials: u32,
    /// Whether the run came to its end.
    pub ended: bool,
    /// Every check of the trials by kind and name, with how often it held.
    pub checks: Vec<CheckVerdict>,
    /// Checks of the run as a whole that were decided.
    pub run_checks: u64,
    /// Those of them that failed.
    pub run_violations: Vec<Violation>,
    /// Every cell, in the order of the matrix.
    pub cells: Vec<CellVerdict>,
    /// The trials that did not hold in their first try, by number.
    pub unheld: Vec<TrialVerdict>,
}

impl RunVerdict {
    /// Checks that were decided, in all tries and over the run as a whole.
    pub fn checked(&self) -> u64 {
        self.checks.iter().map(CheckVerdict::decided).sum::<u64>() + self.run_checks
    }

    /// Checks of this kind that were decided in trials.
    pub fn checked_of(&self, kind: CheckKind) -> u64 {
        let checks = self.checks.iter().filter(|check| check.kind == kind);
        checks.map(CheckVerdict::decided).sum()
    }

    /// Checks that failed in trials which no retry made good, and over the run as a
    /// whole.
    pub fn failed_checks(&self) -> usize {
        self.run_violations.len() + self.failed().flat_map(TrialVerdict::violations).count()
    }

    /// Trials that failed.
    pub fn failed(&self) -> impl Iterator<Item = &TrialVerdict> {
        self.unheld.iter().filter(|trial| trial.verdict == Verdict::Failed)
    }

    /// Trials that held only when they ran again.
    pub fn held_on_retry(&self) -> impl Iterator<Item = &TrialVerdict> {
        self.unheld.iter().filter(|trial| trial.verdict == Verdict::HeldOnRetry)
    }

    /// Planned trials that have not been run.
    pub fn missing(&self) -> u32 {
        self.planned.saturating_sub(self.trials)
    }

    /// The trials of a cell that did not hold in their first try.
    pub fn unheld_in(&self, cell: u32) -> impl Iterator<Item = &TrialVerdict> {
        self.unheld.iter().filter(move |trial| trial.cell == Some(cell))
    }

    /// The checks that failed in one try of a trial.
    pub fn violations_of(&self, id: ExecutionId) -> &[Violation] {
        let trial = self.unheld.iter().find(|trial| trial.trial == id.trial);
        let found =
            trial.and_then(|trial| trial.executions.iter().find(|one| one.retry == id.retry));
        found.map_or(&[], |found| &found.violations)
    }
}
