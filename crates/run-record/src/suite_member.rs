//! One scenario of a suite, as `suite.json` has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The result of one scenario of a suite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemberRecord {
    /// The scenario's name.
    pub scenario: String,
    /// Whether it held.
    pub verdict: MemberVerdict,
    /// Its run directory, complete or not, relative to the suite's; none without one.
    pub run: Option<String>,
    /// Why it was not run to its end; none if it was.
    pub problem: Option<String>,
    /// How long it took, seconds.
    pub seconds: f64,
    /// Trials in its run directory, including retries.
    pub trials: u32,
}

/// Whether a scenario of a suite held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemberVerdict {
    /// All checks held, in some trials perhaps only on a retry.
    Held,
    /// A check failed.
    Failed,
    /// No check failed, but most trials were disturbed.
    Inconclusive,
    /// It was not run, or not to its end.
    NotRun,
    /// The machine does not have the server that it tests.
    Skipped,
}
