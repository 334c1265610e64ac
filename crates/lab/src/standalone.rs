//! A standalone load, run by `queuelab load`, as a run of one trial.
//!
//! `run` runs it; `observer` watches the server's sockets where they can be seen; `trial` is
//! its record.

mod error;
mod observer;
mod run;
mod trial;

pub use error::StandaloneError;
pub use run::{FinishedLoad, StandaloneRequest, run as run_standalone};
