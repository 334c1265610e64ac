//! A standalone load, run by `queuelab load`, as a run of one trial.
//!
//! `run` runs it; `observer` watches the server's sockets where they can be seen, and
//! `sightings` is what they showed; `trial` is its record.

mod error;
mod observer;
mod run;
mod sightings;
mod trial;

pub use error::StandaloneError;
pub use run::{FinishedLoad, StandaloneRequest, run as run_standalone};
