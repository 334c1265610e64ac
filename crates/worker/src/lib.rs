//! Worker processes: the server, the load and the probe of a trial, and the
//! agent of a container.
//!
//! | module | contents |
//! |---|---|
//! | `message` | [`Protocol`], [`Request`], [`Message`]: the JSON lines |
//! | `serve` | [`serve()`]: the worker's side |
//! | `client` | [`Client`]: the controller's side |
//! | `handle` | [`Worker`]: a running worker, wherever it runs |
//! | `process` | [`spawn`]: a worker as a child process |
//! | [`metrics`] | what workers measure and run records store |
//! | `setting_problem` | [`SettingProblem`]: an invalid setting |
//! | `error` | [`WorkerError`] |
//!
//! A controlled worker announces its protocol version first. Then it reads one
//! request per line on standard input and writes one message per line on standard
//! output: responses, which repeat the id of their request, and events. The end of
//! standard input ends the worker. A backend that cannot start a child process in
//! its hosts implements [`WorkerControl`].

mod client;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod handle;
mod message;
pub mod metrics;
mod process;
mod serve;
mod setting_problem;

pub use client::{Client, config_arguments};
pub use error::{Result, WorkerError};
pub use handle::{RESPONSE_TIMEOUT, Worker, WorkerControl, WorkerEnd};
pub use message::{Failure, Message, MessageOf, PROTOCOL_VERSION, Protocol, Request, Started};
pub use process::{ProcessControl, WorkerProcess, cpu_seconds_with_children, spawn};
pub use serve::{Input, Inputs, Output, OutputError, read_inputs, serve};
pub use setting_problem::SettingProblem;
