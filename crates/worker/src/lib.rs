//! Worker processes: the server, the load and the probe of a trial.
//!
//! | module | contents |
//! |---|---|
//! | `handle` | [`Worker`]: a running worker, wherever it runs |
//! | `process` | [`spawn`]: a worker as a child process |
//! | `error` | [`WorkerError`] |
//!
//! A worker reads commands on standard input and writes events on standard
//! output, one JSON value per line. A backend that cannot start a child process
//! in its hosts implements [`WorkerControl`].

mod error;
mod handle;
mod process;

pub use error::{Result, WorkerError};
pub use handle::{RESPONSE_TIMEOUT, Worker, WorkerControl, WorkerEnd, config_arguments};
pub use process::{ProcessControl, WorkerProcess, spawn};
