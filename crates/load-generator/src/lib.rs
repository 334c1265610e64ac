//! The load that a scenario puts on a server: attempts, messages or requests, endings and
//! latency histograms.
//!
//! [`run`] runs a load in this process; [`run_worker`] in its own process, controlled by
//! JSON lines. The modules:
//!
//! - `worker`: a load in its own process; `control` has its protocol and the types of the
//!   report, `commands` passes commands to a running load.
//! - `run`: a load in this process.
//! - `generator`: the event loop of one thread, with its `timers`. `connecting`, `chatting`,
//!   `requesting` and `leaving` handle the events, in the order of `phases`; `ending` ends an
//!   attempt.
//! - `receivers`: what arrives at the clients of a chat, in parts, each a `receiver_part`. The
//!   thread of the event loop reads it, or `reading_threads` do.
//! - `dialogue`: what clients and the server say to each other, and the answers of servers
//!   that are no chat server.
//! - `client`, `schedule`: one attempt, and when its messages are due; `roles`: what each
//!   attempt does.
//! - `message`, `delivery_matrix`: the format of messages, and which arrived where;
//!   `delivery_rows` has those of some receivers.
//! - `expected_deliveries`: when clients are done, also with dead connections and slow
//!   servers.
//! - `metrics`, `latency`: what is measured; `activity`: when a thread was active, and the CPU time
//!   that it used; `report`: the status and the report, with the `thread_use` of each thread;
//!   `busiest_thread`: how busy the busiest was.
//! - `settings`: [`LoadSettings`], the one definition for YAML, JSON and flags. `check`
//!   validates them. `config`: [`LoadConfig`], with the properties of the testbed. `connect_rate`: when attempts at a rate are due; `destinations`: where each
//!   goes.
//! - `error`: [`LoadError`].

mod activity;
mod busiest_thread;
mod chatting;
mod check;
mod client;
mod commands;
mod config;
mod connect_rate;
mod connecting;
mod control;
mod delivery_matrix;
mod delivery_rows;
mod destinations;
mod dialogue;
mod ending;
mod error;
mod expected_deliveries;
#[doc(hidden)]
pub mod fuzzing;
mod generator;
mod latency;
mod leaving;
mod message;
mod metrics;
mod phases;
mod reading_threads;
mod receiver_part;
mod receivers;
mod report;
mod requesting;
mod roles;
mod run;
mod schedule;
mod settings;
mod thread_use;
mod timers;
mod worker;

pub use self::worker::run_worker;
pub use check::check_settings;
pub use commands::{CommandSender, CommandSource, command_channel};
pub use config::LoadConfig;
pub use connect_rate::{ConnectRate, ConnectRateError, Ramp};
pub use control::{
    Attempt, Ending, LoadCommand, LoadEvent, LoadMessage, LoadProtocol, LoadReport, LoadResponse,
    LoadStatus,
};
pub use destinations::Destination;
pub use dialogue::{ByteText, ByteTextError, Dialogue, ExchangeSettings, Expected, HttpSettings};
pub use error::LoadError;
pub use run::run;
pub use settings::{ChatPhase, ConnectPattern, Leave, LoadSettings};
pub use thread_use::ThreadUse;
