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
//! - `message`, `ledger`: what a message looks like, and which arrived where.
//! - `standing`: who is done when, and how dead connections and slow servers
//!   are told apart.
//! - `check`: what a load's settings can have wrong.

#[cfg(test)]
mod by_hand;
mod chatting;
mod check;
mod client;
mod commands;
mod connecting;
mod control;
mod error;
mod figures;
mod generator;
mod latency;
mod leaving;
mod ledger;
mod message;
mod phases;
mod report;
mod roles;
mod schedule;
mod settings;
mod standing;
mod timers;
mod worker;

use chat_protocol::Codec;

pub use self::worker::run_worker;
pub use check::{SettingProblem, check_settings};
pub use commands::{CommandSender, CommandSource, command_channel};
pub use control::{
    Attempt, Ending, LoadCommand, LoadEvent, LoadMessage, LoadProtocol, LoadReport, LoadResponse,
    LoadStatus,
};
pub use error::LoadError;
pub use settings::{ChatPhase, ConnectPattern, Leave, LoadConfig, LoadSettings};

/// Files that a load has open besides its clients' sockets: the standard
/// three, epoll, timer, wake-up, and what its process may have had before.
const OTHER_FILES: u64 = 32;

/// Runs a load to its end on the calling thread, in its network namespace.
///
/// `on_message` gets [`LoadEvent::Decided`] once, unless the load is stopped
/// before it, and the response to each [`LoadCommand::Status`]; the report is the
/// return value. Without `commands`, the load does not wait for
/// [`LoadConfig::hold`].
///
/// # Errors
/// If [`check_settings`] finds a problem, if the hard limit of open files is too
/// low, or if the kernel or the testbed fails. A connection that fails because of
/// a queue is not an error but an attempt with its [`Ending`].
pub fn run(
    config: &LoadConfig,
    commands: Option<CommandSource>,
    on_message: &mut dyn FnMut(LoadMessage),
) -> Result<LoadReport, LoadError> {
    let mut problems = check_settings(&config.settings, config.framing, config.largest_body);
    let codec = Codec::new(config.framing, config.largest_body).map_err(|error| {
        problems.push(SettingProblem { field: "largest_body", reason: error.to_string() });
    });
    let codec = match codec {
        Ok(codec) if problems.is_empty() => codec,
        _ => return Err(LoadError::Settings(problems)),
    };
    let LoadSettings { clients, half_open, .. } = config.settings;
    // One by one, the half-open ones' sockets alone outlive their attempts.
    let at_once = if config.settings.is_serial() { half_open.max(1) + 1 } else { clients };
    linux_net::raise_open_files(u64::from(at_once) + OTHER_FILES).map_err(LoadError::OpenFiles)?;
    generator::Generator::new(config, codec, commands, on_message)?.run()
}
