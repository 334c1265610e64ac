//! The output of `queuelab run` and `queuelab show`.

use run_record::{Axis, CellVerdict, CheckKind, MemberState, Verdict};
use schemars::JsonSchema;
use serde::Serialize;

use serde_json::Value;

/// What `run` and `show` print.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Shown {
    /// A scenario that has not been run.
    Scenario(ShownScenario),
    /// A run.
    Run(Box<RunResult>),
    /// A suite.
    Suite(SuiteResult),
    /// The runs of two builds.
    Pair(Box<PairResult>),
}

/// A scenario with its overrides.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ShownScenario {
    /// The scenario as it would be run, with its defaults.
    pub scenario: Value,
    /// Its axes; the last one varies fastest.
    pub axes: Vec<Axis>,
    /// Points of its matrix.
    pub cells: u64,
    /// Trials of a run.
    pub trials: u64,
}

/// The results of a run.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunResult {
    /// The scenario's name.
    pub scenario: String,
    /// Its question.
    pub question: String,
    /// The answer, in a few sentences.
    pub answer: String,
    /// The verdict in one word.
    pub verdict: Verdict,
    /// The verdict in a line.
    pub summary: String,
    /// How many trials and checks there were.
    pub counts: RunCounts,
    /// Every failed check, those of the run first.
    pub violations: Vec<RunViolation>,
    /// The verdict on each cell.
    pub cells: Vec<CellVerdict>,
    /// The directory of the run.
    pub directory: String,
    /// The page with the report; none if it was not written.
    pub report: Option<String>,
}

/// Numbers of trials and checks.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunCounts {
    /// Trials planned.
    pub planned_trials: u64,
    /// Planned trials that were run.
    pub trials: u64,
    /// Trials that failed.
    pub failed_trials: u64,
    /// Trials that held only on a retry.
    pub held_on_retry_trials: u64,
    /// Trials that the rest of the machine disturbed in each of their executions.
    pub disturbed_trials: u64,
    /// Decided checks.
    pub checks: u64,
    /// Checks that failed.
    pub failed_checks: u64,
}

/// A failed check.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunViolation {
    /// The number of the trial; none if the check is about the run.
    pub trial: Option<u32>,
    /// The number of the retry, 0 for the first run; none if the check is about the run.
    pub retry: Option<u32>,
    /// The cell's place in the matrix, as text; none if the check is about the run.
    pub place: Option<String>,
    /// Where the check comes from.
    pub check: CheckKind,
    /// The check's name.
    pub name: String,
    /// The compared values.
    pub detail: String,
}

/// The results of a suite.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SuiteResult {
    /// The suite's name.
    pub suite: String,
    /// Its question.
    pub question: String,
    /// The verdict in one word.
    pub verdict: Verdict,
    /// Its scenarios, in their order.
    pub members: Vec<MemberResult>,
    /// The directory of the suite.
    pub directory: String,
}

/// The result of a scenario of a suite.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct MemberResult {
    /// The scenario's name.
    pub scenario: String,
    /// Whether it held.
    pub state: MemberState,
    /// Why it has no complete run.
    pub problem: Option<String>,
    /// Its run.
    pub run: Option<RunResult>,
}

/// The runs of two builds whose trials alternated.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct PairResult {
    /// The run of this build.
    pub new: RunResult,
    /// The run of the other build.
    pub baseline: RunResult,
    /// The comparison, as of `queuelab compare --format json`.
    pub comparison: Value,
}
