//! A client of a loop.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::time::Duration;

use linux_net::monotonic_ns;
use socket2::Socket;
use worker::metrics::ClosedBecause;

use super::incoming::{Incoming, Refusal};
use super::intake::Intake;
use super::log::{Log, Place, Span};
use super::outgoing::{Flushed, Outgoing};
use super::round::{Clock, Round};
use super::transport::{Received, Transport};
use crate::context::Context;
use crate::counters::Counters;
use crate::settings::{ClosesFirst, ServerSettings};

/// What a client and the server do.
#[derive(Debug)]
enum Phase {
    /// It sends and gets messages.
    Chatting,
    /// It gets what was there when it ended, up to the place once that is known.
    Finishing { until: Option<Place>, closes_first: ClosesFirst },
    /// The server has sent its FIN, and waits for the client's until this time.
    Draining { until_ns: u64 },
    /// Nothing more: it is to be removed.
    Gone,
}

/// Whether more can be read from a client now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    Some,
    None,
}

/// A client of a loop.
#[derive(Debug)]
pub(crate) struct Connection {
    key: usize,
    socket: Socket,
    phase: Phase,
    incoming: Incoming,
    /// `None` once nothing more is written to it.
    outgoing: Option<Outgoing>,
    /// When it last sent a byte, nanoseconds of the clock of the loop's reading. At first,
    /// when it came.
    read_ns: u64,
    /// It is in the list of those that can be read.
    pub(crate) is_listed: bool,
    /// It is to be flushed even if the log has not grown.
    pub(crate) has_changed: bool,
    /// Its side of the connection has ended: after what is unread comes the end.
    hung_up: bool,
}

impl Connection {
    pub(crate) fn new(key: usize, socket: Socket, at: Place, round: &Round<'_>) -> Self {
        let Round { context, clock, .. } = round;
        let settings = &context.settings;
        let by_server = settings.closes_first == ClosesFirst::Server;
        let remaining = by_server.then_some(settings.close_after);
        let phase = match remaining {
            Some(0) => Phase::Finishing { until: Some(at), closes_first: ClosesFirst::Server },
            _ => Phase::Chatting,
        };
        Self {
            key,
            socket,
            phase,
            incoming: Incoming::new(context.frame_memory.share(), remaining),
            outgoing: Some(Outgoing::new(at, clock.now_ns)),
            read_ns: clock.reading_ns(),
            is_listed: false,
            has_changed: false,
            hung_up: false,
        }
    }

    pub(crate) fn key(&self) -> usize {
        self.key
    }

    pub(crate) fn is_gone(&self) -> bool {
        matches!(self.phase, Phase::Gone)
    }

    pub(crate) fn is_finishing(&self) -> bool {
        matches!(self.phase, Phase::Finishing { .. })
    }

    pub(crate) fn hang_up(&mut self) {
        self.hung_up = true;
    }

    /// Notes that its socket takes bytes again, or has failed. Whether that was waited for.
    pub(crate) fn wake(&mut self) -> bool {
        let waiting = self.outgoing.as_mut().filter(|outgoing| outgoing.is_waiting());
        waiting.map(Outgoing::wake).is_some()
    }

    /// Notes in the counters that it was waited for until now.
    pub(crate) fn end_wait(&mut self, counters: &Counters, now_ns: u64) {
        if let Some(outgoing) = &mut self.outgoing {
            outgoing.end_wait(counters, now_ns);
        }
    }

    /// Leaves out its own messages.
    pub(crate) fn skip(&mut self, span: Span) {
        if let Some(outgoing) = &mut self.outgoing {
            outgoing.skip(span);
        }
    }

    /// The first byte of the log that it may still need.
    pub(crate) fn needs(&self) -> Option<u64> {
        self.outgoing.as_ref().and_then(Outgoing::needs)
    }

    /// More waits for it than may: nothing is read from any client until there is room, or it
    /// leaves.
    pub(crate) fn holds(&self) -> bool {
        !self.hung_up && self.outgoing.as_ref().is_some_and(Outgoing::holds)
    }

    /// Reads once, and once more if its side has ended; adds whole messages to `intake`.
    pub(crate) fn read(
        &mut self,
        transport: &mut impl Transport,
        intake: &mut Intake,
        round: &Round<'_>,
    ) -> Unread {
        if self.is_finishing() || self.is_gone() {
            return Unread::None;
        }
        loop {
            let (bytes, has_more) = match transport.receive(self.key, &self.socket) {
                Received::Bytes { bytes, has_more } => (bytes, has_more),
                Received::Nothing => return Unread::None,
                Received::End => {
                    self.end_by_client();
                    return Unread::None;
                }
                Received::Failed => {
                    self.phase = Phase::Gone;
                    return Unread::None;
                }
            };
            Counters::add(&round.counters().bytes_in, bytes.len() as u64);
            self.read_ns = round.clock.reading_ns();
            if let Phase::Chatting = self.phase {
                self.take(bytes, intake, round.context);
            }
            match &self.phase {
                Phase::Finishing { .. } => {
                    transport.discard(self.key);
                    return Unread::None;
                }
                Phase::Gone => return Unread::None,
                _ if has_more => return Unread::Some,
                _ if !self.hung_up => return Unread::None,
                Phase::Chatting | Phase::Draining { .. } => {}
            }
        }
    }

    /// Takes what was just read.
    fn take(&mut self, bytes: &[u8], intake: &mut Intake, context: &Context) {
        let Context { codec, counters, .. } = context;
        let now_ns = monotonic_ns();
        let (messages, refusal) = self.incoming.take(bytes, self.key, codec, intake, self.read_ns);
        if messages > 0 {
            context.ingest(messages, now_ns);
        }
        match refusal {
            None => {}
            Some(Refusal::Closed(cause)) => self.close(cause, counters),
            Some(Refusal::Finished) => self.finish(ClosesFirst::Server),
            Some(Refusal::Malformed) => {
                Counters::add(&counters.protocol_errors, 1);
                self.finish(ClosesFirst::Server);
            }
        }
    }

    fn end_by_client(&mut self) {
        match self.phase {
            Phase::Chatting if self.outgoing.is_some() => self.finish(ClosesFirst::Client),
            Phase::Finishing { .. } => {}
            Phase::Chatting | Phase::Draining { .. } | Phase::Gone => self.phase = Phase::Gone,
        }
    }

    fn finish(&mut self, closes_first: ClosesFirst) {
        self.phase = Phase::Finishing { until: None, closes_first };
    }

    /// Closes it and counts the cause.
    pub(crate) fn close(&mut self, cause: ClosedBecause, counters: &Counters) {
        counters.closed.add(cause);
        if matches!(cause, ClosedBecause::WriteTimeout | ClosedBecause::QueueFull) {
            // It has not taken what is queued for it, which would stay in the kernel's memory:
            // close(2) drops it and sends a RST (tcp_disconnect).
            let _ = self.socket.set_linger(Some(Duration::ZERO));
        }
        self.abort();
    }

    /// Shuts down both directions; it is to be removed.
    pub(crate) fn abort(&mut self) {
        // ENOTCONN: the client has already reset it.
        let _ = self.socket.shutdown(Shutdown::Both);
        self.phase = Phase::Gone;
    }

    pub(crate) fn socket(&self) -> &Socket {
        &self.socket
    }

    /// Up to where it gets the log.
    fn until(&self, log: &Log) -> Place {
        match self.phase {
            Phase::Finishing { until: Some(until), .. } => until,
            _ => log.end(),
        }
    }

    /// What there is for it now is to be written.
    pub(crate) fn begin_flush(&mut self, log: &Log) {
        if let Phase::Finishing { until, .. } = &mut self.phase {
            until.get_or_insert(log.end());
        }
        if let Some(outgoing) = &mut self.outgoing {
            outgoing.begin();
        }
    }

    /// The next bytes to write, in as many pieces as there is room for; how many pieces.
    pub(crate) fn pieces<'a>(&'a self, log: &'a Log, pieces: &mut [IoSlice<'a>]) -> usize {
        let until = self.until(log);
        self.outgoing.as_ref().map_or(0, |outgoing| outgoing.pieces(log, until, pieces))
    }

    /// Takes note of the result of a write. What has become of the flush, if it is over.
    pub(crate) fn wrote(
        &mut self,
        log: &Log,
        result: io::Result<usize>,
        round: &mut Round<'_>,
    ) -> Option<Flushed> {
        let until = self.until(log);
        match &mut self.outgoing {
            Some(outgoing) => outgoing.wrote(log, until, result, round),
            None => Some(Flushed::All),
        }
    }

    /// Ends it when it has everything that it is to get. True if it can be read now, up to its
    /// end.
    pub(crate) fn end_flush(&mut self, flushed: Flushed, log: &Log, round: &Round<'_>) -> bool {
        let until = self.until(log);
        match flushed {
            Flushed::Waits => {
                self.wait_to_leave(log, until, round);
                false
            }
            Flushed::All => match self.phase {
                Phase::Finishing { closes_first: ClosesFirst::Server, .. } => {
                    self.drain(round);
                    true
                }
                Phase::Finishing { closes_first: ClosesFirst::Client, .. } => {
                    self.phase = Phase::Gone;
                    false
                }
                Phase::Chatting | Phase::Draining { .. } | Phase::Gone => false,
            },
            Flushed::TooSlow => {
                self.close(ClosedBecause::WriteTimeout, round.counters());
                false
            }
            Flushed::Full => {
                self.close(ClosedBecause::QueueFull, round.counters());
                false
            }
            Flushed::Gone => {
                Counters::add(&round.counters().failed_writes, 1);
                self.fail();
                true
            }
        }
    }

    /// Lets the log forget what waits for it, if it leaves.
    fn wait_to_leave(&mut self, log: &Log, until: Place, round: &Round<'_>) {
        if let (true, Some(outgoing)) = (self.is_finishing(), &mut self.outgoing) {
            let memory = round.context.frame_memory.share();
            if !outgoing.leave_log(log, until, memory) {
                self.close(ClosedBecause::NoMemory, round.counters());
            }
        }
    }

    /// A write has failed: what it has sent before is still read.
    fn fail(&mut self) {
        let _ = self.socket.shutdown(Shutdown::Both);
        self.outgoing = None;
        self.hung_up = true;
        if self.is_finishing() {
            self.phase = Phase::Gone;
        }
    }

    /// Sends a FIN after the last frame, and reads up to the client's: a close(2) with unread
    /// data sends a RST (tcp_close), and then neither side has a TIME_WAIT.
    fn drain(&mut self, round: &Round<'_>) {
        let _ = self.socket.shutdown(Shutdown::Write);
        self.outgoing = None;
        let until_ns = round.now_ns() + round.context.settings.drain.as_nanos() as u64;
        self.phase = Phase::Draining { until_ns };
    }

    /// When it is to be judged, nanoseconds of CLOCK_MONOTONIC, if nothing happens before.
    pub(crate) fn due(&self, round: &Round<'_>) -> Option<Due> {
        if self.is_gone() {
            // It has been counted.
            return None;
        }
        let settings = &round.context.settings;
        let write = self.outgoing.as_ref().and_then(|outgoing| outgoing.due_ns(round.writing));
        let write = write.map(|at_ns| Due { at_ns, cause: Some(ClosedBecause::WriteTimeout) });
        let other = match self.phase {
            // What is there has not been read.
            Phase::Chatting if self.is_listed => None,
            Phase::Chatting => self.reading_due(settings, round.clock),
            Phase::Draining { until_ns } => Some(Due { at_ns: until_ns, cause: None }),
            Phase::Finishing { .. } | Phase::Gone => None,
        };
        write.into_iter().chain(other).min_by_key(|due| due.at_ns)
    }

    fn reading_due(&self, settings: &ServerSettings, clock: Clock) -> Option<Due> {
        let (frame, idle) = (settings.frame_timeout, settings.idle_timeout);
        let started_ns = self.incoming.since_ns().filter(|_| !frame.is_zero());
        if let Some(started_ns) = started_ns {
            let at_ns = started_ns + clock.held_ns + frame.as_nanos() as u64;
            return Some(Due { at_ns, cause: Some(ClosedBecause::FrameTimeout) });
        }
        if idle.is_zero() {
            return None;
        }
        let taken_ns = self.outgoing.as_ref().map_or(0, Outgoing::taken_ns);
        let at_ns = taken_ns.max(self.read_ns + clock.held_ns) + idle.as_nanos() as u64;
        Some(Due { at_ns, cause: Some(ClosedBecause::IdleTimeout) })
    }

    /// Ends it because it is due.
    pub(crate) fn end_due(&mut self, due: Due, round: &Round<'_>) {
        match due.cause {
            Some(cause) => {
                self.end_wait(round.counters(), round.now_ns());
                self.close(cause, round.counters());
            }
            None => self.phase = Phase::Gone,
        }
    }
}

/// When a client is closed, and why; no cause after its time to send a FIN.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    pub(crate) at_ns: u64,
    pub(crate) cause: Option<ClosedBecause>,
}
