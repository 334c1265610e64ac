//! Calls of the program itself: a step's result is its exit code and its output.

use std::ffi::OsStr;
use std::process::{Command, Output, Stdio};

use super::settings::Settings;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Runs the program with these arguments; its output is that of the step.
pub(super) fn call<S: AsRef<OsStr>>(settings: &Settings, arguments: &[S]) -> Result<i32> {
    let status = command(settings, arguments)?.status().map_err(failed)?;
    Ok(status.code().unwrap_or(Exit::Internal as i32))
}

/// Runs the program and collects what it prints; its errors too if `quiet`.
pub(super) fn output<S: AsRef<OsStr>>(
    settings: &Settings,
    arguments: &[S],
    quiet: bool,
) -> Result<Output> {
    let stderr = if quiet { Stdio::piped() } else { Stdio::inherit() };
    command(settings, arguments)?.stdout(Stdio::piped()).stderr(stderr).output().map_err(failed)
}

fn command<S: AsRef<OsStr>>(settings: &Settings, arguments: &[S]) -> Result<Command> {
    let program = match &settings.program {
        Some(program) => program.clone(),
        None => std::env::current_exe().map_err(failed)?.into_os_string(),
    };
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    Ok(command)
}

fn failed(source: std::io::Error) -> CommandError {
    CommandError::Io { action: "run queuelab".to_owned(), source }
}

/// An exit code of the program as this one's.
pub(super) fn exit(code: i32) -> Exit {
    match code {
        0 => Exit::Held,
        2 => Exit::Usage,
        3 => Exit::Failed,
        4 => Exit::Regression,
        5 => Exit::Machine,
        6 => Exit::NoBaseline,
        130 => Exit::Interrupted,
        _ => Exit::Internal,
    }
}
