//! The run directory: its types, its writing and its reading.
//!
//! | module | holds |
//! |---|---|
//! | [`run`](RunRecord) | `run.json`: what was asked, where, and with what |
//! | [`trial`](TrialRecord) | one line of `trials.jsonl`: what one trial found |
//! | [`tries`](TrialExecutions) | a planned trial with all its tries, and whether it held |
//! | [`verdict`](RunVerdict) | the one verdict on trials, cells, a run and a suite |
//! | [`axis_names`](AxisNames) | short, distinct names of a run's axes |
//! | [`suite`](SuiteRecord) | `suite.json`: what became of each scenario of a suite |
//! | [`outcome`](Outcome) | the eight ways in which an attempt can end |
//! | [`attempt`](AttemptRow) | a row of `attempts/*.csv` |
//! | [`agreement`](Agreement) | how well the simulator finds what was measured |
//! | [`histogram`](LatencyHistogram) | how many latencies were how long |
//! | `worker::metrics` | what the workers measured, [`TimelineRow`] among others |
//! | [`directory`](RunDirectory) | the directory: create, append, resume, read |
//! | [`suite_directory`](SuiteDirectory) | the same of a suite |
//! | `version` | the format's version, checked before anything else is read |
//! | `lock` | who runs a directory: one writer, and whether there is one |
//! | [`live`](Live) | `live.json`: what a run does now, and no part of its record |
//!
//! Everything that a person reads of a run (tables, reports, charts) is made
//! from these files alone. This crate knows nothing of how they came about.

mod agreement;
mod attempt;
mod axis;
mod axis_names;
mod directory;
mod error;
mod execution_id;
mod histogram;
mod law;
mod live;
mod lock;
mod outcome;
mod run;
mod suite;
mod suite_directory;
mod suite_member;
mod sysctl_values;
mod trial;
mod trial_executions;
mod verdict;
mod version;

pub use agreement::Agreement;
pub use attempt::AttemptRow;
pub use axis::Axis;
pub use axis_names::{AxisNames, describe_value};
pub use directory::RunDirectory;
pub use error::RunDirectoryError;
pub use execution_id::ExecutionId;
pub use histogram::{LatencyBin, LatencyHistogram};
pub use law::{LawCheck, LawNotApplied};
pub use live::{Live, LivePhase, LiveQueues, LiveTrial};
pub use outcome::{Outcome, OutcomeCounts};
pub use run::{
    Backend, Build, Interleaved, InterleavedRole, KernelRules, Machine, Overrides, RunRecord,
    SCHEMA_VERSION, ScenarioRecord, Tool,
};
pub use suite::SuiteRecord;
pub use suite_directory::SuiteDirectory;
pub use suite_member::{MemberRecord, MemberVerdict};
pub use sysctl_values::SysctlValues;
pub use trial::{Check, Evidence, Rates, Restart, Simulated, TrialRecord};
pub use trial_executions::TrialExecutions;
pub use verdict::{
    CellVerdict, CheckKind, CheckVerdict, ExecutionVerdict, MemberState, RunVerdict, SuiteMember,
    SuiteVerdict, TrialVerdict, Verdict, Violation,
};
pub use worker::metrics::{
    AcceptQueue, DurationSummary, Integrity, LatencySummary, ListenerSummary, ProbeSummary,
    ResourceUsage, ServerMetrics, StateSummary, TimelineRow,
};
