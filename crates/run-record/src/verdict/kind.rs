//! A verdict in one word.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A verdict in one word, on a trial, a cell, a run or a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that was checked held.
    Held,
    /// Everything held, but some trials only on a retry.
    HeldOnRetry,
    /// A check failed, and no retry of its trial passed.
    Failed,
    /// Nothing failed, but trials are missing or the run has not ended.
    Incomplete,
    /// Nothing failed, but more than half of the trials were disturbed by the rest of the
    /// machine in each of their executions.
    Inconclusive,
    /// All trials were run, but nothing was checked.
    NotChecked,
}

impl Verdict {
    /// Whether a check failed.
    pub fn is_failed(self) -> bool {
        self == Self::Failed
    }

    /// Whether everything was run, most of it undisturbed, and nothing failed, perhaps only on
    /// a retry.
    pub fn is_passed(self) -> bool {
        matches!(self, Self::Held | Self::HeldOnRetry | Self::NotChecked)
    }
}
