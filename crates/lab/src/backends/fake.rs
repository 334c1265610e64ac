//! A backend for tests: no kernel, no process, no real time.
//!
//! | module | contents |
//! |---|---|
//! | `script` | what happens in each trial, as data |
//! | `kind` | its entry in the registry |
//! | `factory` | the backend: creates testbeds |
//! | `testbed` | two hosts that share the state of a trial |
//! | `state` | what the workers of a trial share |
//! | `worker` | a scripted worker: commands in, events out, over channels |
//! | `server`, `load`, `probe` | the three workers |
//! | `clock` | a clock without real time |
//!
//! With it, schedule, retries, interruption, resume, suites and exit codes are tested in
//! milliseconds. It also shows that a backend is a module and one line in the registry.

mod clock;
mod factory;
mod kind;
mod load;
mod probe;
mod script;
mod server;
mod state;
mod testbed;
mod worker;

pub use kind::FakeKind;
pub use script::{FakeScript, FakeTrial, ScriptedTrial};

use crate::backend::BackendKind;

/// Its entry in the registry.
pub(super) const KIND: &dyn BackendKind = &FakeKind::from_environment();
