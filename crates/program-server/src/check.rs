//! Validates the settings of a program.

use std::path::{Component, Path};
use std::str::FromStr;
use std::time::Duration;

use indexmap::IndexMap;
use nix::sys::signal::Signal;
use pattern::Patterns;
use worker::SettingProblem;

use crate::settings::{CommandServer, ProgramLimits, Ready, Stop, Text};

/// The longest time that a setting may have.
const MAX_TIME: Duration = Duration::from_secs(3600);

/// The most files, arguments and environment variables, and the most bytes of all files.
const MAX_ENTRIES: usize = 256;
/// See [`MAX_ENTRIES`]. They are passed to the worker as an argument, whose size the kernel
/// limits to 128 KiB (`MAX_ARG_STRLEN`).
const MAX_FILE_BYTES: usize = 32 * 1024;

/// The problems of `settings`, placeholders not regarded. Empty if they are valid. `patterns` are
/// those that earlier checks have compiled.
pub fn check_settings(settings: &CommandServer, patterns: &mut Patterns) -> Vec<SettingProblem> {
    let CommandServer { program, port, backlogs, address, env, files, ready, stop, limits, .. } =
        settings;
    let mut problems = Vec::new();
    if program.first().is_none_or(String::is_empty) {
        problems.push(problem("program", "the name of the program is missing"));
    }
    problems.extend(check_port(*port));
    problems.extend(check_backlogs(*port, backlogs));
    if let Some(address) = address.filter(|address| address.is_loopback()) {
        let reason = format!(
            "clients are on another host and cannot reach {address}: leave it out, and let the \
             program listen on 0.0.0.0 or on {{address}}"
        );
        problems.push(problem("address", reason));
    }
    problems.extend(check_files("program", program, env, files, is_file_name));
    problems.extend(check_ready(ready, patterns));
    problems.extend(check_stop(stop));
    problems.extend(check_limits(limits));
    problems
}

fn problem(field: &'static str, reason: impl Into<String>) -> SettingProblem {
    SettingProblem { field, reason: reason.into() }
}

pub(crate) fn check_port(port: u16) -> Option<SettingProblem> {
    let reason = "the port that the program listens on must be known: 1 to 65535";
    (port == 0).then(|| problem("port", reason))
}

pub(crate) fn check_backlogs(port: u16, backlogs: &IndexMap<u16, i32>) -> Option<SettingProblem> {
    let other = backlogs.keys().find(|other| **other == 0 || **other == port)?;
    let reason = match other {
        0 => "0 is not a port: use 1 to 65535".to_owned(),
        _ => format!("port {port} is the server's own: its backlog is the setting `backlog`"),
    };
    Some(problem("backlogs", reason))
}

/// Checks the texts of a program: `arguments` is the field of its command line, and `is_name`
/// which names its files may have.
pub(crate) fn check_files(
    arguments: &'static str,
    command: &[String],
    env: &IndexMap<String, Text>,
    files: &IndexMap<String, Text>,
    is_name: impl Fn(&str) -> bool,
) -> Vec<SettingProblem> {
    let mut problems = Vec::new();
    if command.iter().any(|argument| argument.contains('\0')) {
        problems.push(problem(arguments, "an argument contains a NUL"));
    }
    for (name, Text(value)) in env {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            let reason = format!("`{}` cannot be an environment variable", name.escape_debug());
            problems.push(problem("env", reason));
        }
    }
    for name in files.keys().filter(|name| !is_name(name)) {
        let reason = format!("`{}` is not the path of such a file", name.escape_debug());
        problems.push(problem("files", reason));
    }
    for (field, entries) in [(arguments, command.len()), ("env", env.len()), ("files", files.len())]
    {
        if entries > MAX_ENTRIES {
            problems.push(problem(field, format!("{entries} entries; the most is {MAX_ENTRIES}")));
        }
    }
    let texts = command.iter().chain(env.values().chain(files.values()).map(|text| &text.0));
    let bytes: usize = texts.map(String::len).sum();
    if bytes > MAX_FILE_BYTES {
        let reason = format!("{bytes} bytes in all; the most is {MAX_FILE_BYTES}");
        problems.push(problem("files", reason));
    }
    problems
}

pub(crate) fn check_ready(ready: &Ready, patterns: &mut Patterns) -> Vec<SettingProblem> {
    let line = ready.line.as_deref().map(|line| patterns.get(line));
    let invalid = line.and_then(Result::err).map(|error| problem("ready.line", error.to_string()));
    invalid.into_iter().chain(too_long("ready.within", ready.within)).collect()
}

pub(crate) fn check_stop(stop: &Stop) -> Vec<SettingProblem> {
    let invalid = signal(&stop.signal).err().map(|reason| problem("stop.signal", reason));
    invalid.into_iter().chain(too_long("stop.grace", stop.grace)).collect()
}

fn too_long(field: &'static str, time: Duration) -> Option<SettingProblem> {
    let reason = || format!("{} is too long: use at most 1h", humantime::format_duration(time));
    (time > MAX_TIME).then(|| problem(field, reason()))
}

pub(crate) fn check_limits(limits: &ProgramLimits) -> Vec<SettingProblem> {
    let mut problems = Vec::new();
    if limits.processes == 0 {
        problems.push(problem("limits.processes", "the program is a process: use at least 1"));
    }
    if limits.open_files.is_some_and(|files| files < 16) {
        let reason = "a program needs some open files: use at least 16";
        problems.push(problem("limits.open_files", reason));
    }
    if limits.memory_mib == Some(0) {
        problems.push(problem("limits.memory_mib", "a program needs memory: use at least 1"));
    }
    problems
}

/// A relative path without `..`, in one or more steps.
fn is_file_name(name: &str) -> bool {
    let path = Path::new(name);
    let plain = |component| matches!(component, Component::Normal(_));
    !name.is_empty() && !name.ends_with('/') && !name.contains('\0') && path.components().all(plain)
}

/// The signal of this name, with or without `SIG`, in any case.
///
/// # Errors
/// The reason, for people.
pub(crate) fn signal(name: &str) -> Result<Signal, String> {
    let upper = name.to_uppercase();
    let name = if upper.starts_with("SIG") { upper } else { format!("SIG{upper}") };
    Signal::from_str(&name)
        .map_err(|_| format!("`{name}` is not a signal: use for example TERM, QUIT, INT or KILL"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> CommandServer {
        CommandServer { program: vec!["nginx".to_owned()], port: 80, ..Default::default() }
    }

    fn fields(change: impl FnOnce(&mut CommandServer)) -> Vec<&'static str> {
        let mut settings = settings();
        change(&mut settings);
        check_settings(&settings, &mut Patterns::default())
            .into_iter()
            .map(|problem| problem.field)
            .collect()
    }

    fn file(name: &str) -> Vec<&'static str> {
        fields(|s| s.files = [(name.to_owned(), Text(String::new()))].into())
    }

    #[test]
    fn an_invalid_value_names_its_field() {
        assert_eq!(fields(|_| {}), [""; 0]);
        assert_eq!(fields(|s| s.program.clear()), ["program"]);
        assert_eq!(fields(|s| s.program = vec![String::new()]), ["program"]);
        assert_eq!(fields(|s| s.port = 0), ["port"]);
        assert_eq!(fields(|s| s.backlogs = [(81, 64)].into()), [""; 0]);
        assert_eq!(fields(|s| s.backlogs = [(80, 64)].into()), ["backlogs"]);
        assert_eq!(fields(|s| s.backlogs = [(0, 64)].into()), ["backlogs"]);
        assert_eq!(fields(|s| s.address = Some([127, 0, 0, 1].into())), ["address"]);
        assert_eq!(fields(|s| s.env = [("A=B".to_owned(), Text::default())].into()), ["env"]);
        assert_eq!(fields(|s| s.ready.line = Some("(".to_owned())), ["ready.line"]);
        assert_eq!(fields(|s| s.ready.within = Duration::from_secs(3601)), ["ready.within"]);
        assert_eq!(fields(|s| s.stop.grace = Duration::MAX), ["stop.grace"]);
        assert_eq!(fields(|s| s.limits.processes = 0), ["limits.processes"]);
        assert_eq!(fields(|s| s.limits.open_files = Some(15)), ["limits.open_files"]);
        assert_eq!(fields(|s| s.limits.memory_mib = Some(0)), ["limits.memory_mib"]);
    }

    #[test]
    fn files_stay_in_the_private_directory() {
        for name in ["nginx.conf", "conf/a.b", ".x"] {
            assert_eq!(file(name), [""; 0], "{name}");
        }
        for name in ["", "/etc/passwd", "..", "a/../../b", "./a", "a/", "a\0b"] {
            assert_eq!(file(name), ["files"], "{name:?}");
        }
    }

    #[test]
    fn a_signal_is_named_as_people_write_it() {
        for name in ["TERM", "SIGTERM", "term"] {
            assert_eq!(signal(name), Ok(Signal::SIGTERM));
        }
        assert_eq!(fields(|s| s.stop.signal = "PLEASE".to_owned()), ["stop.signal"]);
    }
}
