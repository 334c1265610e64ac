//! A standalone load, run by `queuelab load`, as a run of one trial.

mod error;
mod run;
mod trial;

pub use error::StandaloneError;
pub use run::{FinishedLoad, StandaloneRequest, run as run_standalone};
