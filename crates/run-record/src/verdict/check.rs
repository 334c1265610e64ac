//! Checks by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::violation::CheckKind;

/// How often a check held in all executions of all trials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckVerdict {
    /// Where the check comes from.
    pub kind: CheckKind,
    /// The check's name.
    pub name: String,
    /// Executions in which it held.
    pub held: u64,
    /// Executions in which it failed.
    pub failed: u64,
    /// Executions in which it did not apply, or which did not decide it because they were
    /// disturbed.
    pub not_applied: u64,
}

impl CheckVerdict {
    /// Executions in which it was decided.
    pub fn decided(&self) -> u64 {
        self.held.saturating_add(self.failed)
    }
}
