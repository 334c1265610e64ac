//! The verdict on a cell of the matrix.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Verdict;

/// The verdict on a cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CellVerdict {
    /// Its place in the order of the cells, from 0; the last axis is the fastest.
    pub cell: u32,
    /// Its place in the matrix, for a person.
    pub place: String,
    /// Planned trials of it.
    pub planned: u32,
    /// Those of them that were run.
    pub trials: u32,
    /// The verdict on them together.
    pub verdict: Verdict,
}
