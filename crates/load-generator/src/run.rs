//! Runs a load in this process.

use chat_protocol::Codec;
use pattern::Patterns;
use worker::SettingProblem;

use crate::check::check_settings;
use crate::commands::CommandSource;
use crate::config::LoadConfig;
use crate::control::{LoadMessage, LoadReport};
use crate::error::LoadError;
use crate::generator::Generator;
use crate::settings::LoadSettings;

/// Open files of a load besides its clients' sockets: the standard three, epoll, timer,
/// wake-up, and those that its process may open later.
const OTHER_FILES: u64 = 32;

/// How many of [`OTHER_FILES`] a load opens itself, at most, without threads that read.
const OWN_FILES: u64 = 16;

/// Files besides the clients' sockets: more than [`OTHER_FILES`] if the process was started
/// with many, which count in RLIMIT_NOFILE too.
fn other_files(settings: &LoadSettings) -> u64 {
    let open = std::fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64);
    // Two wake-ups, and an epoll instance for each thread.
    let of_threads = settings.reading_threads().map_or(0, |threads| 2 + threads as u64);
    OTHER_FILES.max(open + OWN_FILES) + of_threads
}

/// Runs a load to its end on the calling thread, in its network namespace, with the threads
/// that its settings name.
///
/// `on_message` gets [`LoadEvent::Decided`](crate::control::LoadEvent::Decided) once, unless the load is stopped
/// before it, and the response to each [`LoadCommand::Status`](crate::control::LoadCommand::Status); the report is the
/// return value. Without `commands`, the load does not wait for
/// [`LoadConfig::hold`].
///
/// # Errors
/// If [`check_settings`] finds a problem, if the hard limit of open files is too
/// low, or if the kernel or the testbed fails. A connection that fails because of a queue
/// is not an error, but an attempt with its [`Ending`](crate::control::Ending).
pub fn run(
    config: &LoadConfig,
    commands: Option<CommandSource>,
    on_message: &mut dyn FnMut(LoadMessage),
) -> Result<LoadReport, LoadError> {
    let LoadConfig { settings, framing, largest_body, .. } = config;
    let mut problems = check_settings(settings, *framing, *largest_body, &mut Patterns::default());
    let codec = Codec::new(config.framing, config.largest_body).map_err(|error| {
        problems.push(SettingProblem { field: "largest_body", reason: error.to_string() });
    });
    problems.extend(config.more_targets_problem());
    let codec = match codec {
        Ok(codec) if problems.is_empty() => codec,
        _ => return Err(LoadError::Settings(problems)),
    };
    let settings = config.settings.clone().without_unused_messages();
    let config = &LoadConfig { settings, ..config.clone() };
    let LoadSettings { clients, half_open, .. } = config.settings;
    // In a closed loop, only the sockets of half-open attempts outlive their attempts.
    let at_once = config.settings.closed_loop().map_or(clients, |at_once| {
        half_open.saturating_add(at_once).saturating_add(1).min(clients)
    });
    linux_net::raise_open_files(u64::from(at_once) + other_files(&config.settings))
        .map_err(LoadError::OpenFiles)?;
    Generator::new(config, codec, commands, on_message)?.run()
}
