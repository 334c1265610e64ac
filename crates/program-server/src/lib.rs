//! Any program as the server of a trial.
//!
//! | module | contents |
//! |---|---|
//! | `settings` | [`CommandServer`]: what a scenario says about it |
//! | `image` | [`ImageServer`]: the same for an image |
//! | `check` | [`check_settings`]: which settings are valid |
//! | `placeholders` | [`replaced`]: settings of the cell in its files and arguments |
//! | `control` | [`ProgramProtocol`]: commands and messages of the worker |
//! | `start` | the process: its files, environment, limits and user |
//! | `ready` | when it listens |
//! | `processes` | all its processes: signals, memory, their ends |
//! | `output` | what it prints |
//! | `worker` | [`run_worker`]: `queuelab program` |
//!
//! The worker is the first process of a PID namespace, so nothing that the program starts
//! outlives it; and the private directory of its files goes with it.

mod check;
mod control;
mod error;
mod image;
mod output;
mod placeholders;
mod processes;
mod ready;
mod settings;
mod start;
mod watchdog;
mod worker;

pub use check::check_settings;
pub use control::{
    ProgramCommand, ProgramEvent, ProgramListener, ProgramMessage, ProgramProtocol,
    ProgramResponse, ProgramStatus,
};
pub use error::ProgramError;
pub use image::{ImageServer, check_image};
pub use output::Output;
pub use placeholders::{ADDRESS, DIRECTORY, PORT, UnknownPlaceholder, escaped, replaced};
pub use ready::{Awaited, Listening, Opening};
pub use settings::{CommandServer, ProgramConfig, ProgramLimits, Ready, Stop, Text};
pub use start::{check_here, is_here};
pub use watchdog::default_memory_bytes;
pub use worker::run_worker;
