//! The controller's side of the protocol.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::error::{Result, WorkerError};
use crate::handle::{RESPONSE_TIMEOUT, Worker, WorkerEnd};
use crate::message::{Failure, Message, MessageOf, PROTOCOL_VERSION, Protocol, Request};

/// Time to read the remaining lines of a worker that has exited.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// Interval between two checks whether the worker is still running.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// Characters of an invalid line that an error shows.
const MAX_SHOWN_LINE: usize = 200;

/// A controlled worker of a known kind. Dropping it kills the process.
#[derive(Debug)]
pub struct Client<P: Protocol> {
    worker: Worker,
    started: bool,
    last_id: u64,
    /// Events that arrived while a response was awaited.
    events: VecDeque<P::Event>,
}

impl<P: Protocol> Client<P> {
    /// Controls a worker that has just been started.
    pub fn new(worker: Worker) -> Self {
        Self { worker, started: false, last_id: 0, events: VecDeque::new() }
    }

    /// Sends a command; returns the id of its response. Does nothing if the
    /// worker has exited.
    pub fn send(&mut self, command: P::Command) -> u64 {
        self.last_id += 1;
        let request = Request { id: Some(self.last_id), command };
        self.worker.send_line(&serde_json::to_vec(&request).expect("a command is plain data"));
        self.last_id
    }

    /// Sends a command, waits for its response and returns what `select` extracts from
    /// it.
    ///
    /// # Errors
    /// If the worker reports a failure, exits, or does not respond within
    /// [`RESPONSE_TIMEOUT`]; if `select` returns `None`.
    pub fn request<T>(
        &mut self,
        awaited: &'static str,
        command: P::Command,
        select: impl FnOnce(P::Response) -> Option<T>,
    ) -> Result<T> {
        let expected = self.send(command);
        let name = self.worker.name();
        let mut events = std::mem::take(&mut self.events);
        let response = self.await_message(awaited, RESPONSE_TIMEOUT, |message| match message {
            Message::Response { id: Some(id), response } if id == expected => Some(Ok(response)),
            Message::Failed(failure) if failure.id == Some(expected) => {
                Some(Err(failed(name, failure)))
            }
            Message::Event(event) => {
                events.push_back(event);
                None
            }
            // The response to an earlier request.
            _ => None,
        });
        self.events = events;
        select(response?).ok_or_else(|| WorkerError::InvalidMessage {
            worker: name,
            reason: "the response does not fit the request".to_owned(),
            line: awaited.to_owned(),
        })
    }

    /// Returns the first event that `select` accepts; skips all others.
    ///
    /// # Errors
    /// If the worker exits or fails first, if no such event arrives within
    /// `timeout`, or if `select` returns an error.
    pub fn await_event<T>(
        &mut self,
        awaited: &'static str,
        timeout: Duration,
        mut select: impl FnMut(P::Event) -> Option<Result<T>>,
    ) -> Result<T> {
        while let Some(event) = self.events.pop_front() {
            if let Some(result) = select(event) {
                return result;
            }
        }
        self.await_message(awaited, timeout, |message| match message {
            Message::Event(event) => select(event),
            _ => None,
        })
    }

    /// Takes the events that arrived while a response was awaited.
    pub fn take_events(&mut self) -> impl Iterator<Item = P::Event> {
        std::mem::take(&mut self.events).into_iter()
    }

    /// Returns the next message, or `None` if there is none within `timeout`.
    ///
    /// # Errors
    /// If the line is not a message, or the worker uses another version of the
    /// protocol.
    pub fn message(&mut self, timeout: Duration) -> Result<Option<MessageOf<P>>> {
        if let Some(event) = self.events.pop_front() {
            return Ok(Some(Message::Event(event)));
        }
        self.read(timeout)
    }

    /// How the worker ended; `None` while it runs.
    pub fn end(&mut self) -> Option<&WorkerEnd> {
        self.worker.end()
    }

    fn await_message<T>(
        &mut self,
        awaited: &'static str,
        timeout: Duration,
        mut select: impl FnMut(MessageOf<P>) -> Option<Result<T>>,
    ) -> Result<T> {
        let deadline = Instant::now() + timeout;
        loop {
            // The exit can be noticed before the last lines have been read:
            // drain them until standard output closes.
            let exited = self.worker.end().is_some();
            match self.read(if exited { DRAIN_TIMEOUT } else { POLL_INTERVAL })? {
                Some(Message::Failed(failure)) if failure.id.is_none() => {
                    return Err(failed(self.worker.name(), failure));
                }
                Some(message) => {
                    if let Some(result) = select(message) {
                        return result;
                    }
                }
                None if exited => return Err(self.exit_error()),
                None => {}
            }
            if !exited && Instant::now() >= deadline {
                return Err(WorkerError::Timeout {
                    worker: self.worker.name(),
                    awaited,
                    waited: timeout,
                });
            }
        }
    }

    /// Reads a line; the first must announce this version of the protocol.
    fn read(&mut self, timeout: Duration) -> Result<Option<MessageOf<P>>> {
        let Some(line) = self.worker.line(timeout) else { return Ok(None) };
        let message = Message::parse(line.as_bytes());
        if self.started {
            return message.map(Some).map_err(|error| WorkerError::InvalidMessage {
                worker: self.worker.name(),
                reason: error.to_string(),
                line: line.chars().take(MAX_SHOWN_LINE).collect(),
            });
        }
        let version = match message {
            Ok(Message::Started(started)) => Some(started.protocol),
            Ok(Message::Failed(failure)) => return Ok(Some(Message::Failed(failure))),
            _ => None,
        };
        if version != Some(PROTOCOL_VERSION) {
            return Err(WorkerError::Incompatible { worker: self.worker.name(), version });
        }
        self.started = true;
        self.read(timeout)
    }

    fn exit_error(&mut self) -> WorkerError {
        let worker = self.worker.name();
        let end = self.worker.end().expect("called only after the worker exited");
        let stderr =
            if end.stderr.is_empty() { String::new() } else { format!(":\n{}", end.stderr) };
        WorkerError::Exited { worker, status: end.status.clone(), stderr }
    }
}

fn failed(worker: &'static str, failure: Failure) -> WorkerError {
    WorkerError::Failed { worker, reason: failure.reason, errno: failure.errno }
}

/// The arguments that start a controlled worker with this configuration.
pub fn config_arguments<P: Protocol>(config: &impl Serialize) -> Vec<String> {
    let json = serde_json::to_string(config).expect("a configuration is plain data");
    [P::NAME, "--control", "--config", &json].map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::thread;

    use serde::Deserialize;
    use serde_json::Value;

    use super::*;
    use crate::process::spawn;

    const STARTED: &str = r#"echo '{"event":"started","worker":"test","protocol":2}'; "#;

    struct Test;

    impl Protocol for Test {
        const NAME: &'static str = "test";
        type Command = Value;
        type Response = Response;
        type Event = Text;
    }

    #[derive(Debug, Serialize, Deserialize)]
    struct Response {
        event: String,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "event", rename_all = "snake_case")]
    enum Text {
        Number { number: u32 },
        Text { text: String },
    }

    fn empty() -> Value {
        Value::Object(serde_json::Map::new())
    }

    fn shell(script: &str) -> Client<Test> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Client::new(spawn("test", command).unwrap())
    }

    fn started(script: &str) -> Client<Test> {
        shell(&format!("{STARTED}{script}"))
    }

    /// Waits until the exit is noticed, before any line has been read.
    fn wait_for_exit(client: &mut Client<Test>) {
        while client.end().is_none() {
            thread::sleep(Duration::from_millis(1));
        }
    }

    fn await_text(client: &mut Client<Test>) -> Result<String> {
        client.await_event("text", RESPONSE_TIMEOUT, |event| match event {
            Text::Text { text } => Some(Ok(text)),
            Text::Number { .. } => None,
        })
    }

    #[test]
    fn output_before_the_exit_is_read_completely() {
        for _ in 0..20 {
            let mut client = started(
                r#"printf '{"event":"number","number":1}\n{"event":"text","text":"'
                head -c 1000000 /dev/zero | tr '\0' x; echo '"}'"#,
            );
            wait_for_exit(&mut client);
            assert_eq!(await_text(&mut client).unwrap().len(), 1_000_000);
        }
    }

    #[test]
    fn skipped_events_do_not_hide_the_awaited_one() {
        let mut client = started(
            r#"for n in 1 2 3 4 5; do echo "{\"event\":\"number\",\"number\":$n}"; done
            echo '{"event":"text","text":"last"}'"#,
        );
        wait_for_exit(&mut client);
        assert_eq!(await_text(&mut client).unwrap(), "last");
    }

    #[test]
    fn a_killed_worker_is_reported_with_its_signal_and_standard_error() {
        let mut client = started("echo first >&2; echo last >&2; kill -9 $$");
        let text = await_text(&mut client).unwrap_err().to_string();
        assert!(text.contains("SIGKILL") && text.ends_with("first\nlast"), "{text}");
    }

    #[test]
    fn an_exited_worker_is_reported_with_its_exit_status() {
        let error = await_text(&mut shell("exit 3")).unwrap_err();
        assert!(error.to_string().contains("(exit status: 3)"), "{error}");
    }

    #[test]
    fn a_missing_event_is_a_timeout() {
        let mut client = started(r#"echo '{"event":"number","number":1}'; sleep 60"#);
        let error = client
            .await_event("text", Duration::from_millis(200), |event| match event {
                Text::Text { .. } => Some(Ok(())),
                Text::Number { .. } => None,
            })
            .unwrap_err();
        assert!(matches!(error, WorkerError::Timeout { awaited: "text", .. }), "{error}");
    }

    #[test]
    fn an_invalid_line_is_shown_in_the_error() {
        let error = await_text(&mut started("echo what is this; sleep 60")).unwrap_err();
        assert!(error.to_string().ends_with("what is this"), "{error}");
    }

    #[test]
    fn a_response_is_matched_by_its_id_and_earlier_events_are_stored() {
        let mut client = started(
            r#"read first; read second
            echo '{"event":"number","number":5}'
            echo '{"event":"early","id":1}'; echo '{"event":"awaited","id":2}'; read third"#,
        );
        assert_eq!(client.send(empty()), 1);
        let response =
            client.request("response", empty(), |response| Some(response.event)).unwrap();
        assert_eq!(response, "awaited");
        assert_eq!(client.take_events().collect::<Vec<_>>(), [Text::Number { number: 5 }]);
    }

    #[test]
    fn a_failed_request_is_an_error_with_its_errno() {
        let mut client = started(
            r#"read line; echo '{"event":"failed","id":1,"reason":"bind","errno":98}'; read line"#,
        );
        let error = client.request("response", empty(), Some).unwrap_err();
        assert!(matches!(error, WorkerError::Failed { errno: Some(98), .. }), "{error}");
        assert_eq!(error.to_string(), "run the test: bind");
    }

    #[test]
    fn a_worker_that_announces_no_protocol_or_another_one_is_incompatible() {
        for (line, version) in [
            (r#"{"event":"text","text":"of an earlier build"}"#, None),
            (r#"{"kind":"something else"}"#, None),
            (r#"{"event":"started","worker":"test","protocol":1}"#, Some(1)),
            (r#"{"event":"started","worker":"test","protocol":3,"more":[]}"#, Some(3)),
        ] {
            let error = await_text(&mut shell(&format!("echo '{line}'; sleep 60"))).unwrap_err();
            match &error {
                WorkerError::Incompatible { version: found, .. } => assert_eq!(*found, version),
                other => panic!("{line}: {other}"),
            }
        }
    }

    #[test]
    fn a_failure_before_the_announcement_is_reported() {
        let mut client = shell(r#"echo '{"event":"failed","reason":"bind","errno":98}'; sleep 60"#);
        let error = await_text(&mut client).unwrap_err();
        assert_eq!(error.to_string(), "run the test: bind");
    }
}
