//! The verdict on a planned trial.

use crate::trial::TrialRecord;
use crate::trial_executions::TrialExecutions;
use crate::verdict::{ExecutionVerdict, TrialVerdict, Verdict};

/// The verdict on a trial with these executions, of which at least one did not hold, at this
/// place in the matrix.
pub(super) fn judge_trial(
    executions: &TrialExecutions<'_>,
    cell: Option<u32>,
    place: String,
) -> TrialVerdict {
    let verdict = if executions.held() { Verdict::HeldOnRetry } else { Verdict::Failed };
    let verdict_on = |trial: &&TrialRecord| ExecutionVerdict {
        retry: trial.retry,
        violations: trial.violations().collect(),
    };
    let trial = executions.first().id;
    let executions = executions.all().iter().map(verdict_on).collect();
    TrialVerdict { trial, cell, place, verdict, executions }
}
