//! The lines that a worker and its controller exchange.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Version of the protocol. Increment it when a worker of an earlier build would
/// misunderstand a command, or this build one of its messages.
pub const PROTOCOL_VERSION: u32 = 2;

const STARTED: &str = "started";
const FAILED: &str = "failed";

/// The commands, responses and events of one kind of worker.
///
/// Commands are tagged `command`, responses and events are tagged `event`; no
/// tag may be `started` or `failed`, which belong to the envelope.
pub trait Protocol: 'static {
    /// Name of the worker, which is also its subcommand.
    const NAME: &'static str;
    /// Lines on the worker's standard input.
    type Command: Serialize + DeserializeOwned + Send + 'static;
    /// Responses to commands.
    type Response: Serialize + DeserializeOwned;
    /// Messages that the worker sends without a request.
    type Event: Serialize + DeserializeOwned;
}

/// A command with the id that its response repeats. Without an id, which is convenient in
/// a terminal, the response has none either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request<C> {
    /// Chosen by the controller, unique for this worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// The command.
    #[serde(flatten)]
    pub command: C,
}

impl<C> From<C> for Request<C> {
    /// A request without an id.
    fn from(command: C) -> Self {
        Self { id: None, command }
    }
}

/// A line that a worker writes.
#[derive(Debug, Clone, PartialEq)]
pub enum Message<R, E> {
    /// The first line of a controlled worker.
    Started(Started),
    /// The response to the request with this id.
    Response {
        /// Id of the request.
        id: Option<u64>,
        /// The response.
        response: R,
    },
    /// Something happened.
    Event(E),
    /// A request failed or, without an id, the worker or an invalid line.
    Failed(Failure),
}

/// The messages of a kind of worker.
pub type MessageOf<P> = Message<<P as Protocol>::Response, <P as Protocol>::Event>;

/// A worker announces itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// Name of the worker.
    pub worker: String,
    /// Its [`PROTOCOL_VERSION`].
    pub protocol: u32,
}

/// Why a request or a worker failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The failed request; `None` if the worker itself failed, or if a line was
    /// not a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// Fragment that fits after "failed to".
    pub reason: String,
    /// The errno if a system call failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errno: Option<i32>,
}

impl<R: DeserializeOwned, E: DeserializeOwned> Message<R, E> {
    /// Parses a line.
    ///
    /// # Errors
    /// If the line is not a message of this protocol.
    pub fn parse(line: &[u8]) -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        struct Head<'a> {
            #[serde(borrow)]
            event: std::borrow::Cow<'a, str>,
            #[serde(default)]
            id: Option<u64>,
        }
        let Head { event, id } = serde_json::from_slice(line)?;
        Ok(match (&*event, id) {
            (STARTED, _) => Self::Started(serde_json::from_slice(line)?),
            (FAILED, _) => Self::Failed(serde_json::from_slice(line)?),
            (_, Some(_)) => Self::Response { id, response: serde_json::from_slice(line)? },
            (_, None) => Self::Event(serde_json::from_slice(line)?),
        })
    }
}

impl<R: Serialize, E: Serialize> Serialize for Message<R, E> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Tagged<'a, T> {
            event: &'static str,
            #[serde(flatten)]
            content: &'a T,
        }
        #[derive(Serialize)]
        struct Identified<'a, T> {
            #[serde(flatten)]
            response: &'a T,
            id: u64,
        }
        match self {
            Self::Started(content) => Tagged { event: STARTED, content }.serialize(serializer),
            Self::Failed(content) => Tagged { event: FAILED, content }.serialize(serializer),
            Self::Response { id: Some(id), response } => {
                Identified { response, id: *id }.serialize(serializer)
            }
            Self::Response { id: None, response } => response.serialize(serializer),
            Self::Event(event) => event.serialize(serializer),
        }
    }
}

impl Started {
    /// The announcement of a worker of this build.
    pub fn new(worker: &str) -> Self {
        Self { worker: worker.to_owned(), protocol: PROTOCOL_VERSION }
    }
}

/// Parses a request; `None` if the line is blank.
///
/// # Errors
/// A failure that names the line if it is not a request.
pub(crate) fn parse_request<C: DeserializeOwned>(
    line: &[u8],
) -> Option<Result<Request<C>, Failure>> {
    let line = line.trim_ascii();
    (!line.is_empty()).then(|| {
        serde_json::from_slice(line).map_err(|error| {
            let line = String::from_utf8_lossy(line);
            Failure { reason: format!("read the command `{line}`: {error}"), ..Failure::default() }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "command", rename_all = "snake_case")]
    enum Command {
        Resume,
        Queue { port: u16 },
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "event", rename_all = "snake_case")]
    enum Response {
        Depth(Depth),
        Resumed,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Depth {
        depth: u32,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "event", rename_all = "snake_case")]
    enum Event {
        Listening { port: u16 },
        Done(Box<Vec1>),
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Vec1 {
        window: Option<(u64, u64)>,
    }

    fn assert_line(message: Message<Response, Event>, line: &str) {
        assert_eq!(serde_json::to_string(&message).unwrap(), line);
        assert_eq!(Message::parse(line.as_bytes()).unwrap(), message);
    }

    #[test]
    fn every_message_is_one_flat_json_object() {
        assert_line(
            Message::Started(Started { worker: "server".to_owned(), protocol: 2 }),
            r#"{"event":"started","worker":"server","protocol":2}"#,
        );
        let response = Response::Depth(Depth { depth: 3 });
        assert_line(
            Message::Response { id: Some(7), response },
            r#"{"event":"depth","depth":3,"id":7}"#,
        );
        let response = Response::Resumed;
        assert_line(Message::Response { id: Some(8), response }, r#"{"event":"resumed","id":8}"#);
        assert_line(
            Message::Event(Event::Listening { port: 80 }),
            r#"{"event":"listening","port":80}"#,
        );
        let report = Box::new(Vec1 { window: Some((1, u64::MAX)) });
        assert_line(
            Message::Event(Event::Done(report)),
            r#"{"event":"done","window":[1,18446744073709551615]}"#,
        );
        let failure = |id, errno| Failure { id, reason: "bind".to_owned(), errno };
        assert_line(
            Message::Failed(failure(None, Some(98))),
            r#"{"event":"failed","reason":"bind","errno":98}"#,
        );
        assert_line(
            Message::Failed(failure(Some(1), None)),
            r#"{"event":"failed","id":1,"reason":"bind"}"#,
        );
    }

    #[test]
    fn a_request_may_have_an_id() {
        let parse = |line: &str| parse_request::<Command>(line.as_bytes());
        let queue = Request { id: Some(4), command: Command::Queue { port: 80 } };
        let line = serde_json::to_string(&queue).unwrap();
        assert_eq!(line, r#"{"id":4,"command":"queue","port":80}"#);
        assert_eq!(parse(&line), Some(Ok(queue)));
        assert_eq!(parse("{\"command\":\"resume\"}\r\n"), Some(Ok(Command::Resume.into())));
    }

    #[test]
    fn a_line_that_is_not_a_request_is_named() {
        let parse = parse_request::<Command>;
        assert_eq!(parse(b" \n"), None);
        let failure = parse(b"{\"command\":\"dance\"}\n").unwrap().unwrap_err();
        assert!(
            failure.reason.starts_with("read the command `{\"command\":\"dance\"}`: "),
            "{failure:?}"
        );
        assert!(parse(b"\xff\n").unwrap().is_err());
    }

    #[test]
    fn an_unknown_event_is_an_error() {
        let parse = |line: &str| Message::<Response, Event>::parse(line.as_bytes());
        let error = parse(r#"{"event":"dance"}"#).unwrap_err();
        assert!(error.to_string().contains("dance"), "{error}");
        assert!(parse(r#"{"kind":"line"}"#).is_err());
        assert!(parse("sing").is_err());
    }
}
