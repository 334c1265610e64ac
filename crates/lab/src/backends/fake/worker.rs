//! A scripted worker: commands in, events out, over channels.

use std::fmt::Debug;
use std::sync::mpsc::{Sender, channel};

use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Worker, WorkerControl, WorkerEnd};

/// What a worker does with a command.
pub(super) trait Scripted: Debug {
    /// Its commands.
    type Command: DeserializeOwned;

    /// Handles a command; whatever it answers goes to its output.
    fn handle(&mut self, command: Self::Command);
}

/// A worker's standard output, and its end.
#[derive(Debug, Clone)]
pub(super) struct Output {
    lines: Option<Sender<String>>,
    ends: Sender<WorkerEnd>,
}

impl Output {
    /// Writes an event.
    pub(super) fn event(&self, event: &impl Serialize) {
        let line = serde_json::to_string(event).expect("an event is plain data");
        if let Some(lines) = &self.lines {
            let _ = lines.send(line);
        }
    }

    /// Ends the worker.
    pub(super) fn end(&mut self, status: &str, at_ns: u64) {
        self.lines = None;
        let end = WorkerEnd { at_ns, status: status.to_owned(), stderr: String::new() };
        let _ = self.ends.send(end);
    }
}

/// Starts a worker. `script` gets its output.
pub(super) fn start<S: Scripted + 'static>(
    name: &'static str,
    script: impl FnOnce(Output) -> S,
) -> Worker {
    let (line_sender, lines) = channel();
    let (end_sender, ends) = channel();
    let output = Output { lines: Some(line_sender), ends: end_sender };
    Worker::new(name, Box::new(Control(script(output))), lines, ends)
}

#[derive(Debug)]
struct Control<S>(S);

impl<S: Scripted> WorkerControl for Control<S> {
    fn send_line(&mut self, line: &[u8]) {
        let command = serde_json::from_slice(line).expect("the lab sends valid commands");
        self.0.handle(command);
    }
}
