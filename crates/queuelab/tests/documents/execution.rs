//! Runs one command of a page, and compares what it prints.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Stdio};
use std::sync::RwLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::command::Command;
use crate::named;
use crate::pattern::without_progress;
use crate::place::Place;
use crate::rules::{Rule, Rules};

/// A command that takes so long hangs: the longest of a page takes half a minute.
const HANGS_AFTER: Duration = Duration::from_secs(600);
/// A run whose output is documented is run again, once, if other processes disturbed it and it
/// took less than this.
const SHORT: Duration = Duration::from_secs(15);
/// The exit code of a run that other processes disturbed.
const INCONCLUSIVE: i32 = 6;
const INTERRUPTED: i32 = 130;
/// The columns of a command whose output is not shown.
const COLUMNS: u32 = 100;

/// Held for reading by a command, and for writing by one that must be alone.
static OTHERS: RwLock<()> = RwLock::new(());

/// A started command, and all that it started: they are killed when it is dropped.
struct Started {
    child: Child,
    lines: Receiver<String>,
}

impl Started {
    fn new(mut command: std::process::Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).process_group(0).spawn().unwrap();
        let output = child.stdout.take().unwrap();
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).split(b'\n') {
                let Ok(line) = line else { return };
                if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    return;
                }
            }
        });
        Self { child, lines }
    }

    /// Reads lines until one contains `until`; `None` reads all. What it read, and whether it
    /// ended or `until` was found.
    fn read(&self, until: Option<&str>) -> Result<String, String> {
        let mut read = String::new();
        let deadline = Instant::now() + HANGS_AFTER;
        loop {
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    read.push_str(&line);
                    read.push('\n');
                    if until.is_some_and(|until| line.contains(until)) {
                        return Ok(read);
                    }
                }
                Err(RecvTimeoutError::Timeout) => return Err(format!("it hangs after\n{read}")),
                Err(RecvTimeoutError::Disconnected) => match until {
                    Some(until) => return Err(format!("it ended without `{until}`:\n{read}")),
                    None => return Ok(read),
                },
            }
        }
    }

    fn send(&self, signal: Signal) {
        let _ = killpg(Pid::from_raw(self.child.id().cast_signed()), signal);
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.send(Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// Runs a command as its rule says, or as it is printed.
///
/// # Errors
/// What is wrong, with the place of the command and what to do.
pub(crate) fn run(command: &Command, rules: &Rules, place: &Place) -> Result<(), String> {
    let rule = rules.of(command);
    let text = rules.filled(command);
    let failed = |error: String| format!("{}\n{error}", command.place());
    if command.is_inline || rule.is_some_and(|rule| rule.is_only_named) {
        return named::check(&text, place).map_err(failed);
    }
    if let Some(instead) = rule.and_then(|rule| rule.instead.as_deref()) {
        // What is run does not show that the printed flags exist.
        named::check(&text, place).map_err(failed)?;
        return attempt(instead, command, rule, place).map_err(failed);
    }
    let is_own = text.starts_with("queuelab ") || text.starts_with("cargo lab ");
    if !is_own && rule.is_none() {
        let advice = "no test knows how to run it: say in commands.yaml what to do instead";
        return Err(failed(advice.to_owned()));
    }
    attempt(&text, command, rule, place).map_err(failed)
}

/// Runs a line, again if it was disturbed, and compares the output.
fn attempt(
    line: &str,
    command: &Command,
    rule: Option<&Rule>,
    place: &Place,
) -> Result<(), String> {
    let is_alone = rule.is_some_and(|rule| rule.is_alone);
    let _alone = is_alone.then(|| OTHERS.write().unwrap_or_else(|error| error.into_inner()));
    let _shared = (!is_alone).then(|| OTHERS.read().unwrap_or_else(|error| error.into_inner()));
    let columns = command.output.as_ref().map_or(COLUMNS, |output| output.columns);
    let line = line.replace("cargo lab ", "queuelab ");
    let mut others = Vec::new();
    for beside in rule.map(|rule| &rule.beside).into_iter().flatten() {
        let other = Started::new(place.shell(&format!("exec 2>&1; {beside}"), columns));
        let _first = other
            .lines
            .recv_timeout(HANGS_AFTER)
            .map_err(|_| format!("`{beside}` prints nothing"))?;
        others.push(other);
    }
    for is_first in [true, false] {
        let begin = Instant::now();
        let until = rule.and_then(|rule| rule.until.as_deref());
        let exec = if until.is_some() { "exec " } else { "" };
        let mut started = Started::new(place.shell(&format!("exec 2>&1; {exec}{line}"), columns));
        let mut printed = started.read(until)?;
        if until.is_some() {
            started.send(Signal::SIGINT);
            printed.push_str(&started.read(None)?);
        }
        let code = started.child.wait().unwrap().code();
        let may_be_disturbed = line.contains("queuelab run ") || line.contains("queuelab try ");
        let is_expected = match (rule.and_then(|rule| rule.exit), code) {
            (Some(expected), code) => code == Some(expected),
            (None, Some(INTERRUPTED)) => until.is_some(),
            (None, Some(INCONCLUSIVE)) => may_be_disturbed,
            (None, code) => code == Some(0),
        };
        if !is_expected {
            return Err(format!("`{line}` ended with {code:?} and\n{printed}"));
        }
        let Some(output) = &command.output else { return Ok(()) };
        let printed = place.as_shown(&without_progress(&printed));
        let is_disturbed = printed.contains('⚠') || printed.contains("disturbed");
        match output.compare(&printed) {
            Ok(()) => return Ok(()),
            Err(_) if is_disturbed && is_first && begin.elapsed() < SHORT => {}
            Err(error) if is_disturbed => {
                return match output.compare_tables(&printed) {
                    Ok(()) => say_undecided(command),
                    Err(table) => Err(format!("{error}\n{table}\nIt printed\n{printed}")),
                };
            }
            Err(error) => {
                return Err(format!(
                    "{error}\nIt printed\n{printed}\nIf this is right, change the page; a number \
                     that varies needs a comment such as `<!-- output: numbers within 30 % -->` \
                     before the block"
                ));
            }
        }
    }
    unreachable!("the second attempt returns")
}

/// Reports that other processes disturbed each run of a command whose output is documented.
fn say_undecided(command: &Command) -> Result<(), String> {
    let line = format!("\nUNDECIDED: {}: other processes disturbed it\n", command.place());
    // The harness captures only what the macros print.
    std::io::stderr().write_all(line.as_bytes()).map_err(|error| error.to_string())
}
