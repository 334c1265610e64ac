//! A dialogue of requests and answers, prepared for a load.

use std::net::SocketAddr;
use std::time::Duration;

use super::cause::Cause;
use super::exchange::{AnswerReader, Matcher};
use super::http::{self, ResponseReader};
use super::read::Read;
use super::settings::Dialogue;

/// The requests of each connection, and the answers that it expects.
#[derive(Debug)]
pub(crate) struct Requests {
    /// The bytes of each request, by the number of the destination.
    bytes: Vec<Vec<u8>>,
    /// Requests of a connection.
    pub(crate) count: u32,
    /// Between the intended starts of two requests; zero if each follows the answer before.
    pub(crate) interval: Duration,
    expected: Answer,
}

/// The expected answer.
#[derive(Debug)]
enum Answer {
    Http { status: u16 },
    Exchange(Matcher),
}

/// What one connection has read of its current answer.
#[derive(Debug)]
enum Reader {
    Http(ResponseReader),
    Exchange(AnswerReader),
}

/// The requests of one connection so far.
#[derive(Debug)]
pub(crate) struct Progress {
    reader: Reader,
    /// Complete answers.
    pub(crate) answers: u32,
    /// A request has begun whose answer is not complete.
    pub(crate) is_waiting: bool,
    /// Bytes of that request that are written.
    pub(crate) sent: usize,
    /// The intended start of that request, or of the next one; nanoseconds.
    pub(crate) intended_ns: u64,
}

impl Requests {
    /// Prepares a dialogue; `None` if it has no requests. The settings have been checked.
    pub(crate) fn new(dialogue: &Dialogue, destinations: &[SocketAddr]) -> Option<Self> {
        Some(match dialogue {
            Dialogue::Chat | Dialogue::None => return None,
            Dialogue::Http(settings) => Self {
                bytes: destinations
                    .iter()
                    .map(|address| http::request(settings, &address.to_string()))
                    .collect(),
                count: settings.requests,
                interval: settings.interval,
                expected: Answer::Http { status: settings.status },
            },
            Dialogue::Exchange(exchange) => Self {
                bytes: vec![exchange.send.bytes().to_vec(); destinations.len()],
                count: exchange.repeat,
                interval: exchange.interval,
                expected: Answer::Exchange(
                    Matcher::new(&exchange.expect).expect("the pattern was checked"),
                ),
            },
        })
    }

    /// The bytes of a request to the destination with this number.
    pub(crate) fn bytes(&self, destination: usize) -> &[u8] {
        &self.bytes[destination]
    }

    /// A connection that has not begun.
    pub(crate) fn progress(&self) -> Progress {
        Progress {
            reader: match self.expected {
                Answer::Http { .. } => Reader::Http(ResponseReader::default()),
                Answer::Exchange(_) => Reader::Exchange(AnswerReader::default()),
            },
            answers: 0,
            is_waiting: false,
            sent: 0,
            intended_ns: 0,
        }
    }

    /// Whether a connection has all its answers.
    pub(crate) fn is_done(&self, progress: &Progress) -> bool {
        progress.answers == self.count
    }

    /// Whether data after an answer is ignored.
    pub(crate) fn ignores_rest(&self) -> bool {
        match &self.expected {
            Answer::Http { .. } => false,
            Answer::Exchange(matcher) => matcher.ignores_rest(),
        }
    }

    /// Reads what has arrived of the answer that a connection waits for.
    pub(crate) fn read(&self, progress: &mut Progress, bytes: &[u8]) -> Result<Read, Cause> {
        match (&self.expected, &mut progress.reader) {
            (Answer::Http { status }, Reader::Http(reader)) => reader.read(*status, bytes),
            (Answer::Exchange(matcher), Reader::Exchange(reader)) => reader.read(matcher, bytes),
            _ => unreachable!("the reader is that of the dialogue"),
        }
    }

    /// Handles the server's end of file: an answer may end with it.
    pub(crate) fn end_of_file(&self, progress: &mut Progress) -> Result<(), Cause> {
        if !progress.is_waiting {
            return if self.is_done(progress) { Ok(()) } else { Err(Cause::ClosedBefore) };
        }
        match (&self.expected, &mut progress.reader) {
            (_, Reader::Http(reader)) => reader.end_of_file(),
            (Answer::Exchange(matcher), Reader::Exchange(reader)) => reader.end_of_file(matcher),
            _ => unreachable!("the reader is that of the dialogue"),
        }
    }
}
