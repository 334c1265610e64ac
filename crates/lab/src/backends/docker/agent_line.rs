//! The line to a host's agent: requests and answers, and its parts' lines.

use std::collections::{HashMap, VecDeque};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};

use bollard::container::{AttachContainerResults, LogOutput};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use worker::WorkerEnd;

use crate::agent::{Ask, HEARTBEAT, Request, Said};

/// Of what an agent says on its standard error, so much is kept.
const LAST_WORDS: usize = 2000;

/// What came of a request.
#[derive(Debug)]
pub(super) enum Reply {
    Answer(Value),
    Failed(String),
}

/// The lab's end of the line. Where the agent has gone, requests get no answer:
/// their channels close.
#[derive(Debug, Default)]
pub(super) struct AgentLine {
    asks: Option<UnboundedSender<Vec<u8>>>,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    gone: bool,
    next_id: u64,
    waiting: HashMap<u64, Sender<Reply>>,
    parts: HashMap<u32, (Sender<String>, Sender<WorkerEnd>)>,
    stderr: VecDeque<u8>,
}

impl AgentLine {
    /// Listens and speaks on a container's streams until they close.
    pub(super) fn open(runtime: &Handle, streams: AttachContainerResults) -> Arc<Self> {
        let (asks, asked) = unbounded_channel();
        let line = Arc::new(Self { asks: Some(asks), heard: Mutex::default() });
        runtime.spawn(write(streams.input, asked));
        // Weak: the line ends with the host that has it, and standard input
        // closes with the line.
        let weak = Arc::downgrade(&line);
        let mut output = streams.output;
        runtime.spawn(async move {
            let mut pending = Vec::new();
            while let Some(Ok(chunk)) = output.next().await {
                let Some(line) = weak.upgrade() else { return };
                match chunk {
                    LogOutput::StdErr { message } => line.heard().keep(&message),
                    chunk => {
                        pending.extend_from_slice(&chunk.into_bytes());
                        line.heard().lines(&mut pending);
                    }
                }
            }
            if let Some(line) = weak.upgrade() {
                line.heard().close();
            }
        });
        line
    }

    /// Sends a request; where its answer will come.
    pub(super) fn ask(&self, request: Request) -> Receiver<Reply> {
        let (sender, receiver) = channel();
        let mut heard = self.heard();
        if heard.gone {
            return receiver;
        }
        heard.next_id += 1;
        let id = heard.next_id;
        heard.waiting.insert(id, sender);
        drop(heard);
        self.send(&Ask { id, request });
        receiver
    }

    /// Sends a request whose answer nobody waits for.
    pub(super) fn tell(&self, request: Request) {
        self.send(&Ask { id: 0, request });
    }

    /// Where a part's lines and its end go.
    pub(super) fn expect(&self, part: u32, lines: Sender<String>, ends: Sender<WorkerEnd>) {
        let mut heard = self.heard();
        if !heard.gone {
            heard.parts.insert(part, (lines, ends));
        }
    }

    /// What the agent said on its standard error at last.
    pub(super) fn last_words(&self) -> String {
        let bytes: Vec<u8> = self.heard().stderr.iter().copied().collect();
        String::from_utf8_lossy(&bytes).trim().to_owned()
    }

    fn send(&self, ask: &Ask) {
        let mut line = serde_json::to_vec(ask).expect("a request is plain data");
        line.push(b'\n');
        if let Some(asks) = &self.asks {
            // A writer that has gone is told by the reader.
            let _ = asks.send(line);
        }
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().expect("nobody panics while listening")
    }
}

async fn write(
    mut input: std::pin::Pin<Box<dyn tokio::io::AsyncWrite + Send>>,
    mut asked: UnboundedReceiver<Vec<u8>>,
) {
    loop {
        let line = match tokio::time::timeout(HEARTBEAT, asked.recv()).await {
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

impl Heard {
    /// Takes every whole line out of `pending`.
    fn lines(&mut self, pending: &mut Vec<u8>) {
        let Some(end) = pending.iter().rposition(|&byte| byte == b'\n') else { return };
        let rest = pending.split_off(end + 1);
        for line in std::mem::replace(pending, rest).split(|&byte| byte == b'\n') {
            if let Ok(said) = serde_json::from_slice(line) {
                self.take(said);
            } else if !line.is_empty() {
                self.keep(line);
            }
        }
    }

    fn take(&mut self, said: Said) {
        match said {
            Said::Answer { id, answer } => self.reply(id, Reply::Answer(answer)),
            Said::Failed { id, reason } => self.reply(id, Reply::Failed(reason)),
            Said::Line { part, line } => {
                if let Some((lines, _)) = self.parts.get(&part) {
                    let _ = lines.send(line);
                }
            }
            Said::Ended { part, end } => {
                if let Some((_, ends)) = self.parts.remove(&part) {
                    let _ = ends.send(end);
                }
            }
        }
    }

    fn reply(&mut self, id: u64, reply: Reply) {
        if let Some(waiting) = self.waiting.remove(&id) {
            let _ = waiting.send(reply);
        }
    }

    fn keep(&mut self, words: &[u8]) {
        self.stderr.extend(words);
        let surplus = self.stderr.len().saturating_sub(LAST_WORDS);
        self.stderr.drain(..surplus);
    }

    /// Nothing more will come: whoever waits learns it by a closed channel.
    fn close(&mut self) {
        self.gone = true;
        self.waiting.clear();
        self.parts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_were_cut() {
        let mut heard = Heard::default();
        let (answers, answered) = channel();
        heard.waiting.insert(3, answers);
        let (lines, said) = channel();
        let (ends, ended) = channel();
        heard.parts.insert(1, (lines, ends));
        let text = concat!(
            r#"{"said":"line","part":1,"line":"{\"event\":\"x\"}"}"#,
            "\n",
            r#"{"said":"answer","id":3,"answer":{"a":1}}"#,
            "\n",
            r#"{"said":"ended","part":1,"end":{"at_ns":5,"status":"SIGKILL","stderr":""}}"#,
            "\n"
        );
        let mut pending = Vec::new();
        for byte in text.as_bytes().chunks(7) {
            pending.extend_from_slice(byte);
            heard.lines(&mut pending);
        }
        assert!(pending.is_empty());
        assert_eq!(said.recv().unwrap(), r#"{"event":"x"}"#);
        assert!(matches!(answered.recv().unwrap(), Reply::Answer(answer) if answer["a"] == 1));
        assert_eq!(ended.recv().unwrap().status, "SIGKILL");
        assert!(said.recv().is_err(), "its lines are complete");
    }

    #[test]
    fn an_agent_that_has_gone_leaves_nobody_waiting() {
        let line = AgentLine::default();
        let answer = line.ask(Request::Counters);
        let (lines, said) = channel();
        let (ends, ended) = channel::<WorkerEnd>();
        line.expect(0, lines, ends);
        line.heard().close();
        assert!(answer.recv().is_err() && said.recv().is_err() && ended.recv().is_err());
        assert!(line.ask(Request::Counters).recv().is_err(), "nor afterwards");
    }

    #[test]
    fn what_is_no_line_of_an_agent_is_kept_as_its_last_words() {
        let line = AgentLine::default();
        line.heard().lines(&mut b"exec /queuelab: bad format\n".to_vec());
        assert_eq!(line.last_words(), "exec /queuelab: bad format");
        line.heard().keep(&[b'x'; 5000]);
        assert_eq!(line.last_words().len(), LAST_WORDS);
    }
}
