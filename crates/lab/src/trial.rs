//! One trial, in stages: testbed, observe, join, judge, record.
//!
//! | stage | from | to |
//! |---|---|---|
//! | `testbed` | the cell's settings | two joined hosts |
//! | `observe` | the hosts | the load's report, counters, the probe's report |
//! | `join` | both sides' reports | one row and one outcome for each attempt |
//! | `judge` | observation and rows | invariants and laws |
//! | `record` | all of it | the trial's record, with its expectations |
//!
//! `load` and `post_load` are parts of `observe`; `context` is available to every stage.

mod context;
mod join;
mod judge;
mod load;
mod observe;
mod output;
mod post_load;
mod record;
mod run;
mod testbed;

pub(crate) use context::{NextTestbed, TrialContext};
pub(crate) use output::TrialOutput;
pub(crate) use run::run;
