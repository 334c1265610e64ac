//! A scripted worker: commands in, messages out, over channels.

use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};

use worker::{
    Failure, Message, MessageOf, Protocol, Request, Started, Worker, WorkerControl, WorkerEnd,
};

/// What a worker does with a command.
pub(super) trait Scripted<P: Protocol>: Debug {
    /// Handles a command; its response to the request `id` goes to its output.
    fn handle(&mut self, id: Option<u64>, command: P::Command);
}

/// A worker's standard output, and its end. Clones share both.
#[derive(Debug)]
pub(super) struct Output<P> {
    lines: Arc<Mutex<Option<Sender<String>>>>,
    ends: Sender<WorkerEnd>,
    protocol: PhantomData<P>,
}

impl<P> Clone for Output<P> {
    fn clone(&self) -> Self {
        Self { lines: Arc::clone(&self.lines), ends: self.ends.clone(), protocol: PhantomData }
    }
}

impl<P: Protocol> Output<P> {
    /// Writes an event.
    pub(super) fn event(&self, event: P::Event) {
        self.write(&Message::Event(event));
    }

    /// Responds to a request.
    pub(super) fn respond(&self, id: Option<u64>, response: P::Response) {
        self.write(&Message::Response { id, response });
    }

    /// Reports that the worker failed.
    pub(super) fn fail(&self, reason: String) {
        self.write(&Message::Failed(Failure { id: None, reason, errno: None }));
    }

    /// Ends the worker.
    pub(super) fn end(&self, status: &str, at_ns: u64) {
        *self.lines() = None;
        let end = WorkerEnd { at_ns, status: status.to_owned(), stderr: String::new() };
        let _ = self.ends.send(end);
    }

    fn lines(&self) -> MutexGuard<'_, Option<Sender<String>>> {
        self.lines.lock().expect("a scripted worker never panics")
    }

    fn write(&self, message: &MessageOf<P>) {
        let line = serde_json::to_string(message).expect("a message is plain data");
        if let Some(lines) = &*self.lines() {
            let _ = lines.send(line);
        }
    }
}

/// Starts a worker. `script` gets its output.
pub(super) fn start<P: Protocol + Debug, S: Scripted<P> + 'static>(
    script: impl FnOnce(Output<P>) -> S,
) -> Worker {
    let (line_sender, lines) = channel();
    let (end_sender, ends) = channel();
    let lines_of_output = Arc::new(Mutex::new(Some(line_sender)));
    let output = Output { lines: lines_of_output, ends: end_sender, protocol: PhantomData };
    output.write(&Message::Started(Started::new(P::NAME)));
    let control = Control { script: script(output), protocol: PhantomData };
    Worker::new(P::NAME, Box::new(control), lines, ends)
}

#[derive(Debug)]
struct Control<P, S> {
    script: S,
    protocol: PhantomData<P>,
}

impl<P: Protocol + Debug, S: Scripted<P>> WorkerControl for Control<P, S> {
    fn send_line(&mut self, line: &[u8]) {
        let request: Request<P::Command> =
            serde_json::from_slice(line).expect("the lab sends valid commands");
        self.script.handle(request.id, request.command);
    }
}
