//! The verdict on a planned trial.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Verdict;
use crate::execution_id::ExecutionId;
use crate::violation::Violation;

/// The verdict on a planned trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrialVerdict {
    /// The trial's number in the plan.
    pub trial: u32,
    /// Its cell's position in the order of the cells; none if it is not in the run's
    /// matrix.
    pub cell: Option<u32>,
    /// Its place in the matrix, as text.
    pub place: String,
    /// `held-on-retry` or `failed`.
    pub verdict: Verdict,
    /// Each of its executions, in their order.
    #[serde(rename = "tries")]
    pub executions: Vec<ExecutionVerdict>,
}

/// The verdict on one execution of a trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExecutionVerdict {
    /// The number of the retry; 0 for the first run.
    pub retry: u32,
    /// The checks that failed in it.
    pub violations: Vec<Violation>,
}

impl TrialVerdict {
    /// The identity of one of its executions.
    pub fn execution_id(&self, execution: &ExecutionVerdict) -> ExecutionId {
        ExecutionId { trial: self.trial, retry: execution.retry }
    }

    /// Every violation in any of its executions, with the execution.
    pub fn violations(&self) -> impl Iterator<Item = (ExecutionId, &Violation)> {
        self.executions.iter().flat_map(|execution| {
            execution.violations.iter().map(|violation| (self.execution_id(execution), violation))
        })
    }
}
