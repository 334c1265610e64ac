//! One scenario of a suite, as `suite.json` has it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of one scenario of a suite.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemberRecord {
    /// The scenario's name.
    pub scenario: String,
    /// Whether it held.
    pub verdict: MemberVerdict,
    /// Its run directory, relative to the suite's, be it whole or not; none where it
    /// has none.
    pub run: Option<String>,
    /// Why it was not run to its end; none where it was.
    pub problem: Option<String>,
    /// How long it took, seconds.
    pub seconds: f64,
    /// Trials in its run directory, those that were run again included.
    pub trials: u32,
}

/// Whether a scenario of a suite held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MemberVerdict {
    /// Everything held that was checked, in some trials perhaps only when they
    /// were run again.
    Held,
    /// Something did not.
    Failed,
    /// It was not run, or not to its end.
    NotRun,
}
