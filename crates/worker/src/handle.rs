//! Handle of a running worker process.

use std::fmt::Debug;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Time a worker has to respond to a command that does not wait for anything.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);

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

    /// Its name: `server`, `load` or `probe`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Writes a line, given without its newline, to standard input. Does nothing
    /// if the worker has exited.
    pub fn send_line(&mut self, line: &[u8]) {
        self.control.send_line(line);
    }

    /// Returns the next line of standard output, or `None` if there is none
    /// within `timeout` or ever again.
    pub fn line(&mut self, timeout: Duration) -> Option<String> {
        match self.lines.recv_timeout(timeout) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                // Standard output is closed: avoid a busy loop in the caller.
                std::thread::sleep(timeout.min(Duration::from_millis(5)));
                None
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
}
