//! Calls of this program as a child process.

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};

use super::settings::Settings;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Runs the program with inherited output, and returns its exit code.
///
/// Ctrl-C and `timeout` send their signal to both: the program ends in order, and this
/// process does not end before it.
pub(super) fn run<S: AsRef<OsStr>>(settings: &Settings, arguments: &[S]) -> Result<i32> {
    let has_ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&has_ended))
            .map_err(io_error)?;
    }
    let status = command(settings, arguments)?.status().map_err(io_error);
    has_ended.store(true, Ordering::SeqCst);
    Ok(status?.code().unwrap_or(Exit::Internal as i32))
}

/// Runs the program and captures its standard output; its standard error too if `quiet`.
pub(super) fn output<S: AsRef<OsStr>>(
    settings: &Settings,
    arguments: &[S],
    quiet: bool,
) -> Result<Output> {
    let stderr = if quiet { Stdio::piped() } else { Stdio::inherit() };
    command(settings, arguments)?.stdout(Stdio::piped()).stderr(stderr).output().map_err(io_error)
}

fn command<S: AsRef<OsStr>>(settings: &Settings, arguments: &[S]) -> Result<Command> {
    let program = match &settings.program {
        Some(program) => program.clone(),
        None => std::env::current_exe().map_err(io_error)?.into_os_string(),
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    Ok(command)
}

fn io_error(source: std::io::Error) -> CommandError {
    CommandError::Io { action: "run queuelab".to_owned(), source }
}

/// Converts an exit code of the program.
pub(super) fn exit_from_code(code: i32) -> Exit {
    match code {
        0 => Exit::Held,
        2 => Exit::Usage,
        3 => Exit::Failed,
        4 => Exit::Regression,
        5 => Exit::Machine,
        6 => Exit::Undecided,
        130 => Exit::Interrupted,
        _ => Exit::Internal,
    }
}
