//! The run directory: its types, its writing and its reading.
//!
//! | module | holds |
//! |---|---|
//! | [`run`](RunRecord) | `run.json`: what was asked, where, and with what |
//! | [`trial`](TrialRecord) | one line of `trials.jsonl`: what one trial found |
//! | [`probed`](Probed) | what the probe saw in a trial |
//! | [`outcome`](Outcome) | the eight ways in which an attempt can end |
//! | [`attempt`](AttemptRow) | a row of `attempts/*.csv` |
//! | [`agreement`](Agreement) | how well the simulator finds what was measured |
//! | [`timeline`](TimelineRow) | a row of `timelines/*.csv` |
//! | [`directory`](RunDirectory) | the directory: create, append, resume, read |
//!
//! Everything that a person reads of a run (tables, reports, charts) is made
//! from these files alone. This crate knows nothing of how they came about.

mod agreement;
mod attempt;
mod directory;
mod outcome;
mod probed;
mod run;
mod timeline;
mod trial;

pub use agreement::Agreement;
pub use attempt::AttemptRow;
pub use directory::{RunDirectory, RunDirectoryError};
pub use outcome::{Outcome, OutcomeCounts};
pub use probed::{AcceptQueue, ListenerSeen, Probed, StateSeen};
pub use run::{
    Axis, Backend, KernelRules, Machine, Overrides, RunRecord, SCHEMA_VERSION, ScenarioRecord, Tool,
};
pub use timeline::TimelineRow;
pub use trial::{
    Check, Evidence, Integrity, Latency, LawCheck, LockTimes, Rates, Restart, ServerFigures,
    Simulated, SysctlValues, TrialRecord, Usage,
};
