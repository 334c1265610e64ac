//! The connection to a host's agent: requests and responses, and the lines of its
//! workers.

use std::collections::{HashMap, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};

use bollard::container::{AttachContainerResults, LogOutput};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use worker::{Message, MessageOf, PROTOCOL_VERSION, Request, Started, WorkerEnd, WorkerError};

use crate::agent::{AgentCommand, AgentEvent, AgentProtocol, AgentResponse, HEARTBEAT_INTERVAL};

/// Bytes of an agent's standard error that are stored.
const MAX_STDERR_BYTES: usize = 2000;

/// The outcome of a request: the result, or the reason of the failure.
pub(super) type Reply = Result<Value, String>;

/// The lab's end of the connection. If the agent has ended, the channels of all
/// requests close without a reply.
#[derive(Debug, Default)]
pub(super) struct AgentLine {
    requests: Option<UnboundedSender<Vec<u8>>>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    started: bool,
    /// The version that the agent announced, if it differs from ours.
    incompatible: Option<Option<u32>>,
    is_closed: bool,
    last_id: u64,
    pending: HashMap<u64, Sender<Reply>>,
    workers: HashMap<u32, (Sender<String>, Sender<WorkerEnd>)>,
    stderr: VecDeque<u8>,
}

impl AgentLine {
    /// Reads and writes a container's streams until they close.
    pub(super) fn open(runtime: &Handle, streams: AttachContainerResults) -> Arc<Self> {
        let (sender, requests) = unbounded_channel();
        let line = Arc::new(Self { requests: Some(sender), state: Mutex::default() });
        runtime.spawn(write(streams.input, requests));
        // Weak: the connection ends with the host that owns it, and standard input
        // closes with the connection.
        let weak = Arc::downgrade(&line);
        let mut output = streams.output;
        runtime.spawn(async move {
            let mut pending = Vec::new();
            while let Some(Ok(chunk)) = output.next().await {
                let Some(line) = weak.upgrade() else { return };
                match chunk {
                    LogOutput::StdErr { message } => line.state().store_stderr(&message),
                    chunk => {
                        pending.extend_from_slice(&chunk.into_bytes());
                        line.state().take_lines(&mut pending);
                    }
                }
            }
            if let Some(line) = weak.upgrade() {
                line.state().close();
            }
        });
        line
    }

    /// Sends a request; returns the channel of its reply.
    pub(super) fn request(&self, command: AgentCommand) -> Receiver<Reply> {
        let (sender, receiver) = channel();
        let mut state = self.state();
        if state.is_closed {
            return receiver;
        }
        state.last_id += 1;
        let id = state.last_id;
        state.pending.insert(id, sender);
        drop(state);
        self.send(&Request { id: Some(id), command });
        receiver
    }

    /// Sends a command without waiting for its response.
    pub(super) fn send_command(&self, command: AgentCommand) {
        self.send(&command.into());
    }

    /// Sets the channels of a worker's lines and of its end.
    pub(super) fn expect(&self, worker: u32, lines: Sender<String>, ends: Sender<WorkerEnd>) {
        let mut state = self.state();
        if !state.is_closed {
            state.workers.insert(worker, (lines, ends));
        }
    }

    /// The error of an agent that uses another version of the protocol.
    pub(super) fn incompatibility(&self) -> Option<WorkerError> {
        let version = self.state().incompatible?;
        Some(WorkerError::Incompatible { worker: "agent", version })
    }

    /// The last bytes of the agent's standard error.
    pub(super) fn last_stderr(&self) -> String {
        let bytes: Vec<u8> = self.state().stderr.iter().copied().collect();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }

    fn send(&self, request: &Request<AgentCommand>) {
        let mut line = serde_json::to_vec(request).expect("a request is plain data");
        line.push(b'\n');
        if let Some(requests) = &self.requests {
            // If the writer has ended, the reader notices it too.
            let _ = requests.send(line);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while the lock is held")
    }
}

async fn write(
    mut input: std::pin::Pin<Box<dyn tokio::io::AsyncWrite + Send>>,
    mut requests: UnboundedReceiver<Vec<u8>>,
) {
    loop {
        let line = match tokio::time::timeout(HEARTBEAT_INTERVAL, requests.recv()).await {
            Ok(Some(line)) => line,
            Ok(None) => break,
            Err(_) => b"\n".to_vec(),
        };
        if input.write_all(&line).await.is_err() || input.flush().await.is_err() {
            break;
        }
    }
    let _ = input.shutdown().await;
}

impl State {
    /// Handles every complete line of `pending`.
    fn take_lines(&mut self, pending: &mut Vec<u8>) {
        let Some(end) = pending.iter().rposition(|&byte| byte == b'\n') else { return };
        let rest = pending.split_off(end + 1);
        for line in std::mem::replace(pending, rest).split(|&byte| byte == b'\n') {
            match Message::parse(line) {
                Ok(message) => self.handle(message),
                // Of an agent of an earlier build.
                Err(_) if line.starts_with(b"{") && !self.started => self.refuse(None),
                Err(_) if line.is_empty() => {}
                Err(_) => self.store_stderr(line),
            }
        }
    }

    fn handle(&mut self, message: MessageOf<AgentProtocol>) {
        match message {
            Message::Started(Started { protocol: PROTOCOL_VERSION, .. }) => self.started = true,
            Message::Started(Started { protocol, .. }) => self.refuse(Some(protocol)),
            Message::Response { id: Some(id), response: AgentResponse::Result { result } } => {
                self.reply(id, Ok(result));
            }
            Message::Failed(failure) => match failure.id {
                Some(id) => self.reply(id, Err(failure.reason)),
                None => self.store_stderr(failure.reason.as_bytes()),
            },
            Message::Event(AgentEvent::Line { worker, line }) => {
                if let Some((lines, _)) = self.workers.get(&worker) {
                    let _ = lines.send(line);
                }
            }
            Message::Event(AgentEvent::Ended { worker, end }) => {
                if let Some((_, ends)) = self.workers.remove(&worker) {
                    let _ = ends.send(end);
                }
            }
            Message::Response { id: None, .. } => {}
        }
    }

    fn reply(&mut self, id: u64, reply: Reply) {
        if let Some(pending) = self.pending.remove(&id) {
            let _ = pending.send(reply);
        }
    }

    fn store_stderr(&mut self, bytes: &[u8]) {
        self.stderr.extend(bytes);
        let surplus = self.stderr.len().saturating_sub(MAX_STDERR_BYTES);
        self.stderr.drain(..surplus);
    }

    fn refuse(&mut self, version: Option<u32>) {
        self.incompatible = Some(version);
        self.close();
    }

    /// Closes all channels, because no further message will arrive.
    fn close(&mut self) {
        self.is_closed = true;
        self.pending.clear();
        self.workers.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_complete_however_the_stream_is_split() {
        let mut state = State::default();
        let (replies, replied) = channel();
        state.pending.insert(3, replies);
        let (lines, received) = channel();
        let (ends, ended) = channel();
        state.workers.insert(1, (lines, ends));
        let text = concat!(
            r#"{"event":"started","worker":"host","protocol":2}"#,
            "\n",
            r#"{"event":"line","worker":1,"line":"{\"event\":\"x\"}"}"#,
            "\n",
            r#"{"event":"result","result":{"a":1},"id":3}"#,
            "\n",
            r#"{"event":"ended","worker":1,"end":{"at_ns":5,"status":"SIGKILL","stderr":""}}"#,
            "\n"
        );
        let mut pending = Vec::new();
        for byte in text.as_bytes().chunks(7) {
            pending.extend_from_slice(byte);
            state.take_lines(&mut pending);
        }
        assert!(pending.is_empty());
        assert_eq!(received.recv().unwrap(), r#"{"event":"x"}"#);
        assert_eq!(replied.recv().unwrap().unwrap()["a"], 1);
        assert_eq!(ended.recv().unwrap().status, "SIGKILL");
        assert!(received.recv().is_err(), "its lines are complete");
    }

    #[test]
    fn no_request_waits_for_an_agent_that_has_ended() {
        let line = AgentLine::default();
        let reply = line.request(AgentCommand::Counters);
        let (lines, received) = channel();
        let (ends, ended) = channel::<WorkerEnd>();
        line.expect(0, lines, ends);
        line.state().close();
        assert!(reply.recv().is_err() && received.recv().is_err() && ended.recv().is_err());
        assert!(line.request(AgentCommand::Counters).recv().is_err(), "a later request fails too");
    }

    #[test]
    fn an_agent_of_another_protocol_version_is_refused() {
        for (text, version) in [
            (
                r#"{"kind":"failed","id":0,"reason":"missing field `request`"}"#,
                "an earlier version",
            ),
            (r#"{"event":"started","worker":"host","protocol":1}"#, "version 1"),
        ] {
            let line = AgentLine::default();
            let reply = line.request(AgentCommand::Counters);
            line.state().take_lines(&mut format!("{text}\n").into_bytes());
            assert!(reply.recv().is_err(), "the request does not wait");
            let error = line.incompatibility().unwrap().to_string();
            assert!(error.contains(version), "{error}");
        }
    }

    #[test]
    fn a_line_that_is_not_a_message_is_stored_with_standard_error() {
        let line = AgentLine::default();
        line.state().take_lines(&mut b"exec /queuelab: bad format\n".to_vec());
        assert_eq!(line.last_stderr(), "exec /queuelab: bad format");
        line.state().store_stderr(&[b'x'; 5000]);
        assert_eq!(line.last_stderr().len(), MAX_STDERR_BYTES);
    }
}
