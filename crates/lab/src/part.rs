//! A running `queuelab server`, `load` or `probe`: JSON lines both ways, wherever
//! it runs.

use std::fmt::Debug;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::LabError;
use crate::error::Result;

/// How long a part may take for what it does without waiting for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// How long the last lines of a part that has ended can take to be read.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long to wait for a line between two looks at whether the part lives.
const LOOK: Duration = Duration::from_millis(50);

/// A process in a host that speaks JSON lines. Dropping it kills it.
#[derive(Debug)]
pub struct Part {
    name: &'static str,
    control: Box<dyn PartControl>,
    lines: Receiver<String>,
    ends: Receiver<PartEnd>,
    end: Option<PartEnd>,
}

/// What a backend gives to steer a part. Dropping it kills the part.
pub trait PartControl: Debug {
    /// Writes a line, without its newline, to the part's standard input. Where
    /// the part has gone, nothing happens.
    fn tell(&mut self, line: &[u8]);
}

/// How a part ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartEnd {
    /// When that was noticed, CLOCK_MONOTONIC nanoseconds.
    pub at_ns: u64,
    /// Its signal's name, or its exit status.
    pub status: String,
    /// The end of its standard error.
    pub stderr: String,
}

impl Part {
    /// A part called `name`: `lines` are what it says on its standard output
    /// and close with it, `ends` tells its end.
    pub fn new(
        name: &'static str,
        control: Box<dyn PartControl>,
        lines: Receiver<String>,
        ends: Receiver<PartEnd>,
    ) -> Self {
        Self { name, control, lines, ends, end: None }
    }

    /// Sends a command. A part that has gone is not an error here: what it did
    /// not say will be missed.
    pub fn tell(&mut self, command: &impl Serialize) {
        self.control.tell(&serde_json::to_vec(command).expect("a command is plain data"));
    }

    /// The next line it says, or none within `patience` or for ever after.
    ///
    /// # Errors
    /// When the line is not an event.
    pub fn event<E: DeserializeOwned>(&mut self, patience: Duration) -> Result<Option<E>> {
        match self.lines.recv_timeout(patience) {
            Ok(line) => match serde_json::from_str(&line) {
                Ok(event) => Ok(Some(event)),
                Err(error) => Err(LabError::PartGarbled {
                    part: self.name,
                    reason: error.to_string(),
                    line: line.chars().take(200).collect(),
                }),
            },
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => {
                // It has closed its output; do not spin on that.
                std::thread::sleep(patience.min(Duration::from_millis(5)));
                Ok(None)
            }
        }
    }

    /// The first event that `wanted` takes; other events are passed over.
    ///
    /// # Errors
    /// When it has died, or says nothing of the kind within `patience`.
    pub fn await_event<E: DeserializeOwned, T>(
        &mut self,
        awaited: &'static str,
        patience: Duration,
        mut wanted: impl FnMut(E) -> Option<Result<T>>,
    ) -> Result<T> {
        let deadline = Instant::now() + patience;
        loop {
            // Its death can be known before its last lines have been read: they
            // are heard to the end, which is when its output closes.
            let died = self.end().is_some();
            match self.event(if died { LAST_WORDS } else { LOOK })? {
                Some(event) => {
                    if let Some(result) = wanted(event) {
                        return result;
                    }
                }
                None if died => return Err(self.death()),
                None => {}
            }
            if !died && Instant::now() >= deadline {
                return Err(LabError::PartSilent { part: self.name, awaited, waited: patience });
            }
        }
    }

    /// How it ended; none while it runs.
    pub fn end(&mut self) -> Option<&PartEnd> {
        if self.end.is_none() {
            self.end = match self.ends.try_recv() {
                Ok(end) => Some(end),
                Err(std::sync::mpsc::TryRecvError::Empty) => None,
                // Whoever would have told has gone before it.
                Err(std::sync::mpsc::TryRecvError::Disconnected) => Some(PartEnd {
                    at_ns: linux_net::monotonic_ns(),
                    status: "its host has gone".to_owned(),
                    stderr: String::new(),
                }),
            };
        }
        self.end.as_ref()
    }

    fn death(&mut self) -> LabError {
        let name = self.name;
        let end = self.end().expect("asked only after its end");
        let stderr =
            if end.stderr.is_empty() { String::new() } else { format!(":\n{}", end.stderr) };
        LabError::PartDied { part: name, status: end.status.clone(), stderr }
    }
}

/// The arguments that start a part under control.
pub(crate) fn config_arguments(part: &str, config: &impl Serialize) -> Vec<String> {
    let json = serde_json::to_string(config).expect("a configuration is plain data");
    [part, "--control", "--config", &json].map(str::to_owned).to_vec()
}
