//! Attempts, messages, outcomes and latency histograms: the load that a
//! scenario puts on a chat server, from one thread.
//!
//! [`run`] runs a load in this process; [`run_worker`] as a process of its own,
//! controlled by JSON lines. In between:
//!
//! - `generator`: the loop over epoll and timers; what it does is in
//!   `connecting`, `chatting` and `leaving`, and when, in `phases`.
//! - `client`, `schedule`: one attempt, and when its messages are due; `roles`:
//!   which of them does what.
//! - `message`, `matrix`: what a message looks like, and which arrived where.
//! - `expected_deliveries`: who is done when, and how dead connections and slow servers
//!   are told apart.
//! - `check`: what a load's settings can have wrong.

mod chatting;
mod check;
mod client;
mod commands;
mod connecting;
mod control;
mod delivery_matrix;
mod error;
mod expected_deliveries;
mod generator;
mod latency;
mod leaving;
mod message;
mod metrics;
mod phases;
mod report;
mod roles;
mod run;
mod schedule;
mod setting_problem;
mod settings;
mod timers;
mod worker;

pub use self::worker::run_worker;
pub use check::check_settings;
pub use commands::{CommandSender, CommandSource, command_channel};
pub use control::{
    Attempt, Ending, LoadCommand, LoadEvent, LoadMessage, LoadProtocol, LoadReport, LoadResponse,
    LoadStatus,
};
pub use error::LoadError;
pub use run::run;
pub use setting_problem::SettingProblem;
pub use settings::{ChatPhase, ConnectPattern, Leave, LoadConfig, LoadSettings};
