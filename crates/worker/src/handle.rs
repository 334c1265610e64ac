//! Handle of a running worker process.

use std::fmt::Debug;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Result, WorkerError};

/// Time a worker has to respond to a command that does not wait for anything.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);
/// Time to read the remaining lines of a worker that has exited.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Interval between two checks whether the worker is still running.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Characters of an invalid line that an error shows.
const MAX_SHOWN_LINE: usize = 200;

/// A running worker. Dropping it kills the process.
#[derive(Debug)]
pub struct Worker {
    name: &'static str,
    control: Box<dyn WorkerControl>,
    lines: Receiver<String>,
    ends: Receiver<WorkerEnd>,
    end: Option<WorkerEnd>,
}

/// A backend's connection to a worker. Dropping it kills the process.
pub trait WorkerControl: Debug {
    /// Writes a line, given without its newline, to the worker's standard
    /// input. Does nothing if the worker has exited.
    fn send_line(&mut self, line: &[u8]);
}

/// How a worker process ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerEnd {
    /// Time at which the exit was noticed, CLOCK_MONOTONIC nanoseconds.
    pub at_ns: u64,
    /// Name of its signal, or its exit status.
    pub status: String,
    /// Last lines of its standard error.
    pub stderr: String,
}

impl Worker {
    /// Creates a handle from its channels: `lines` receives the lines of the
    /// worker's standard output and closes with it, `ends` receives its end.
    pub fn new(
        name: &'static str,
        control: Box<dyn WorkerControl>,
        lines: Receiver<String>,
        ends: Receiver<WorkerEnd>,
    ) -> Self {
        Self { name, control, lines, ends, end: None }
    }

    /// Sends a command. Does nothing if the worker has exited; waiting for the
    /// response then fails.
    pub fn send(&mut self, command: &impl Serialize) {
        self.control.send_line(&serde_json::to_vec(command).expect("a command is plain data"));
    }

    /// Returns the next event, or `None` if there is none within `timeout`.
    ///
    /// # Errors
    /// If the next line is not an event.
    pub fn event<E: DeserializeOwned>(&mut self, timeout: Duration) -> Result<Option<E>> {
        match self.lines.recv_timeout(timeout) {
            Ok(line) => match serde_json::from_str(&line) {
                Ok(event) => Ok(Some(event)),
                Err(error) => Err(WorkerError::InvalidMessage {
                    worker: self.name,
                    reason: error.to_string(),
                    line: line.chars().take(MAX_SHOWN_LINE).collect(),
                }),
            },
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                // Standard output is closed: avoid a busy loop in the caller.
                std::thread::sleep(timeout.min(Duration::from_millis(5)));
                Ok(None)
            }
        }
    }

    /// Returns the first event that `select` accepts; skips all others.
    ///
    /// # Errors
    /// If the worker exits first, if no such event arrives within `timeout`, or
    /// if `select` returns an error.
    pub fn await_event<E: DeserializeOwned, T>(
        &mut self,
        awaited: &'static str,
        timeout: Duration,
        mut select: impl FnMut(E) -> Option<Result<T>>,
    ) -> Result<T> {
        let deadline = Instant::now() + timeout;
        loop {
            // The exit can be noticed before the last lines have been read:
            // drain them until standard output closes.
            let exited = self.end().is_some();
            match self.event(if exited { DRAIN_TIMEOUT } else { POLL_INTERVAL })? {
                Some(event) => {
                    if let Some(result) = select(event) {
                        return result;
                    }
                }
                None if exited => return Err(self.exit_error()),
                None => {}
            }
            if !exited && Instant::now() >= deadline {
                return Err(WorkerError::Timeout { worker: self.name, awaited, waited: timeout });
            }
        }
    }

    /// How the worker ended; `None` while it runs.
    pub fn end(&mut self) -> Option<&WorkerEnd> {
        if self.end.is_none() {
            self.end = match self.ends.try_recv() {
                Ok(end) => Some(end),
                Err(TryRecvError::Empty) => None,
                // The host ended before it could report the worker's end.
                Err(TryRecvError::Disconnected) => Some(WorkerEnd {
                    at_ns: linux_net::monotonic_ns(),
                    status: "its host has ended".to_owned(),
                    stderr: String::new(),
                }),
            };
        }
        self.end.as_ref()
    }

    fn exit_error(&mut self) -> WorkerError {
        let worker = self.name;
        let end = self.end().expect("called only after the worker exited");
        let stderr =
            if end.stderr.is_empty() { String::new() } else { format!(":\n{}", end.stderr) };
        WorkerError::Exited { worker, status: end.status.clone(), stderr }
    }
}

/// The arguments that start a controlled worker: `worker` is its subcommand.
pub fn config_arguments(worker: &str, config: &impl Serialize) -> Vec<String> {
    let json = serde_json::to_string(config).expect("a configuration is plain data");
    [worker, "--control", "--config", &json].map(str::to_owned).to_vec()
}
