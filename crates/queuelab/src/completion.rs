//! What a shell can complete: names of scenarios, suites, topics and runs, and settings with
//! their values. The shell calls this program for every Tab, so nothing here starts a thread or
//! a worker, and only scenario files and the names of runs are read.

mod axes;
mod bash;
mod candidates;
mod catalogue;
mod lessons;
mod runs;
mod settings;
mod shells;
mod topics;
mod words;
mod zsh;

pub(crate) use axes::{axis_values, setting_values};
pub(crate) use catalogue::{documents, scenarios, scenarios_and_runs};
pub(crate) use lessons::lessons;
pub(crate) use runs::runs;
pub(crate) use shells::{answer_shell, registration};
pub(crate) use topics::topics;
