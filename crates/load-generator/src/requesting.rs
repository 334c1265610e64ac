//! Requests and their answers, in a dialogue that has them.
//!
//! A connection's first request is due when the connection is established, or with `chat:
//! after_connect` when the load is released, as a chat's messages are. A later one is due at
//! its time if the dialogue has an interval, and otherwise when the answer before is complete.
//! It is written when it is due and the answer before is complete; latencies are measured from
//! when it was due.

use std::io::Read as _;

use linux_net::monotonic_ns;
use nix::libc::MSG_NOSIGNAL;
use worker::metrics::EndedBy;

use crate::client::State;
use crate::control::Ending;
use crate::dialogue::{Cause, Progress, Read, Requests};
use crate::error::LoadError;
use crate::generator::{Generator, nanoseconds};
use crate::receiver_part::{SAMPLE_BYTES, is_temporary};
use crate::timers::Timer;

impl Generator<'_> {
    /// The dialogue's requests, and a connection's progress.
    fn requests(&mut self, client: usize) -> (&Requests, &mut Progress) {
        let requests = self.requests.as_ref().expect("the dialogue has requests");
        (requests, &mut self.progress[client])
    }

    /// Starts the requests of a client.
    pub(crate) fn begin_requests(&mut self, client: usize, now_ns: u64) -> Result<(), LoadError> {
        self.progress[client].intended_ns = now_ns;
        self.begin_request(client, now_ns)
    }

    /// Handles the time at which a request is due.
    pub(crate) fn on_request_due(&mut self, client: usize) -> Result<(), LoadError> {
        if self.clients[client].state != State::Open {
            return Ok(()); // It ended after its timer was set.
        }
        let now_ns = monotonic_ns();
        self.metrics.send_lateness.record(now_ns - self.progress[client].intended_ns);
        self.begin_request(client, now_ns)
    }

    fn begin_request(&mut self, client: usize, now_ns: u64) -> Result<(), LoadError> {
        let progress = &mut self.progress[client];
        progress.is_waiting = true;
        progress.sent = 0;
        self.clients[client].answer_start.clear();
        self.metrics.record_activity(now_ns);
        self.write_request(client)
    }

    /// Writes the rest of a request, as far as the socket has room.
    pub(crate) fn write_request(&mut self, client: usize) -> Result<(), LoadError> {
        let requests = self.requests.as_ref().expect("the dialogue has requests");
        let progress = &mut self.progress[client];
        let writer = &mut self.clients[client];
        let bytes = requests.bytes(writer.destination.number);
        let rest = bytes.get(progress.sent..).filter(|_| progress.is_waiting);
        let rest = rest.unwrap_or_default();
        if !rest.is_empty() {
            match writer.socket().send_with_flags(rest, MSG_NOSIGNAL) {
                Ok(bytes) => {
                    progress.sent += bytes;
                    writer.bytes_written += bytes as u64;
                }
                Err(error) if is_temporary(&error) => {}
                Err(error) => return self.fail(client, "write to", error),
            }
        }
        let is_full = progress.is_waiting && progress.sent < bytes.len();
        self.wait_to_write(client, is_full)
    }

    /// Reads one buffer of what has arrived at a client.
    pub(crate) fn read_answers(&mut self, client: usize) -> Result<(), LoadError> {
        let mut buffer = std::mem::take(&mut self.read_buffer);
        let read = (&**self.clients[client].socket()).read(&mut buffer);
        let handled = match read {
            Ok(0) => self.on_end_of_answers(client),
            Ok(bytes) => self.take_answers(client, &buffer[..bytes]),
            Err(error) if is_temporary(&error) => Ok(()),
            Err(error) => self.fail(client, "read from", error),
        };
        self.read_buffer = buffer;
        handled
    }

    fn take_answers(&mut self, client: usize, mut bytes: &[u8]) -> Result<(), LoadError> {
        let now_ns = monotonic_ns();
        self.clients[client].answered = true;
        self.metrics.bytes_in += bytes.len() as u64;
        self.metrics.record_activity(now_ns);
        while !bytes.is_empty() && self.clients[client].state == State::Open {
            let sample = &mut self.clients[client].answer_start;
            let room = SAMPLE_BYTES.saturating_sub(sample.len());
            sample.extend_from_slice(&bytes[..bytes.len().min(room)]);
            let (requests, progress) = self.requests(client);
            let found = match progress.is_waiting {
                true => requests.read(progress, bytes),
                false if requests.ignores_rest() => return Ok(()),
                false => Err(Cause::Unrequested),
            };
            match found {
                Ok(Read::More) => return Ok(()),
                Ok(Read::Complete { rest }) => {
                    bytes = &bytes[bytes.len() - rest..];
                    self.clients[client].answer_start.clear();
                    self.on_answer(client, now_ns, !bytes.is_empty())?;
                }
                Err(cause) => self.on_unexpected(client, cause),
            }
        }
        Ok(())
    }

    /// Handles a complete answer. If more has arrived already, it can be the next answer only
    /// of a server that answers without a request.
    fn on_answer(&mut self, client: usize, now_ns: u64, has_rest: bool) -> Result<(), LoadError> {
        let destination = self.clients[client].destination.number;
        let (requests, progress) = self.requests(client);
        progress.is_waiting = false;
        progress.answers += 1;
        let intended_ns = progress.intended_ns;
        let is_done = requests.is_done(progress);
        let interval = requests.interval;
        let is_silent = requests.bytes(destination).is_empty();
        let must_wait = has_rest && !is_silent;
        self.metrics.record_response(destination, intended_ns, now_ns);
        if is_done && !has_rest {
            return self.on_all_answers(client);
        }
        if is_done || must_wait {
            return Ok(()); // The rest is judged first.
        }
        if interval.is_zero() {
            self.progress[client].intended_ns = now_ns;
            return self.begin_request(client, now_ns);
        }
        let next_ns = intended_ns.saturating_add(nanoseconds(interval));
        self.progress[client].intended_ns = next_ns;
        if next_ns <= now_ns {
            return self.on_request_due(client);
        }
        self.timers.add(next_ns, Timer::Send(client));
        Ok(())
    }

    /// Lets a client that has all its answers leave, unless it must stay or the server closes.
    pub(crate) fn on_all_answers(&mut self, client: usize) -> Result<(), LoadError> {
        if !self.server_closes() && !self.stays(client) {
            self.end(client, Ending::Finished, None);
        }
        Ok(())
    }

    /// Whether a client has all the answers of its dialogue.
    pub(crate) fn has_all_answers(&self, client: usize) -> bool {
        let requests = self.requests.as_ref();
        requests.is_some_and(|requests| requests.is_done(&self.progress[client]))
    }

    fn on_end_of_answers(&mut self, client: usize) -> Result<(), LoadError> {
        self.clients[client].answered = true;
        let (requests, progress) = self.requests(client);
        if let Err(cause) = requests.end_of_file(progress) {
            return self.on_early_close(client, cause);
        }
        if std::mem::take(&mut progress.is_waiting) {
            progress.answers += 1;
            let now_ns = monotonic_ns();
            let intended_ns = progress.intended_ns;
            let destination = self.clients[client].destination.number;
            self.metrics.record_response(destination, intended_ns, now_ns);
            self.metrics.record_activity(now_ns);
        }
        if !self.has_all_answers(client) {
            return self.on_early_close(client, Cause::ClosedBefore);
        }
        if self.stays(client) {
            let reader = &mut self.clients[client];
            reader.read_to_end = true;
            reader.reads = false;
            return self.watch(client);
        }
        self.end(client, Ending::Finished, None);
        Ok(())
    }

    fn on_early_close(&mut self, client: usize, cause: Cause) -> Result<(), LoadError> {
        self.metrics.record_cause(cause);
        self.end(client, Ending::ClosedByServer, None);
        Ok(())
    }

    fn on_unexpected(&mut self, client: usize, cause: Cause) {
        self.metrics.record_cause(cause);
        let sample = std::mem::take(&mut self.clients[client].answer_start);
        self.metrics.record_unframed(&sample);
        self.clients[client].ended_by = Some(EndedBy::UnexpectedAnswer);
        self.end(client, Ending::Unfinished, None);
    }
}
