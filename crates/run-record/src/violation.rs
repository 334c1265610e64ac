//! A failed check.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a check comes from.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CheckKind {
    /// Holds in every trial of every scenario.
    Invariant,
    /// Predicted by the kernel's rules.
    Law,
    /// Stated by the scenario.
    Expectation,
}

impl CheckKind {
    /// Its name: `invariant`, `law` or `expectation`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invariant => "invariant",
            Self::Law => "law",
            Self::Expectation => "expectation",
        }
    }
}

impl fmt::Display for CheckKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A check that failed in one execution of a trial, or for the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// Where the check comes from.
    pub kind: CheckKind,
    /// The check's name.
    pub name: String,
    /// The compared values.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`: {}", self.kind, self.name, self.detail)
    }
}
