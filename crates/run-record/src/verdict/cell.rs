//! The verdict on a cell of the matrix.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Verdict;

/// The verdict on a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CellVerdict {
    /// Its position in the order of the cells, from 0; the last axis varies fastest.
    pub cell: u32,
    /// Its place in the matrix, as text.
    pub place: String,
    /// Its planned trials.
    pub planned: u32,
    /// The planned trials that were run.
    pub trials: u32,
    /// Those of them that were disturbed in each of their executions: their rates and shares
    /// are no finding.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub disturbed: u32,
    /// The verdict.
    pub verdict: Verdict,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
