//! The clients of a loop.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::net::Shutdown;
use std::sync::Arc;

use slab::Slab;
use socket2::Socket;
use worker::metrics::ClosedBecause;

use super::batch::Batch;
use super::connection::{Connection, Unread};
use super::intake::{Collected, Intake};
use super::log::{Log, Span};
use super::outgoing::Flushed;
use super::round::Round;
use super::transport::{Event, Transport, Unwritten, Writer};
use crate::counters::Counters;

/// The clients of a loop, by key.
#[derive(Debug, Default)]
pub(crate) struct Clients {
    connections: Slab<Connection>,
    log: Log,
    /// The log has grown since the last flush.
    has_grown: bool,
    /// Those that can be read, in the order in which that was known.
    listed: VecDeque<usize>,
    /// There are some to flush even if the log has not grown.
    has_changed: bool,
    /// Those to remove.
    gone: Vec<usize>,
    /// Those whose sockets were full in this flush.
    full: Vec<usize>,
    /// Those for which more waits than may.
    holding: u64,
    /// That number is right, and the log has nothing that no client needs.
    is_settled: bool,
}

impl Clients {
    /// Whether there are clients that can be read.
    pub(crate) fn has_listed(&self) -> bool {
        !self.listed.is_empty()
    }

    pub(crate) fn admit(
        &mut self,
        socket: Socket,
        transport: &mut impl Transport,
        round: &Round<'_>,
    ) {
        let entry = self.connections.vacant_entry();
        let key = entry.key();
        let added = transport.add(key, &socket);
        let connection = entry.insert(Connection::new(key, socket, self.log.end(), round));
        if added.is_err() {
            connection.close(ClosedBecause::NoMemory, round.counters());
            self.gone.push(key);
        } else if connection.is_finishing() {
            transport.discard(key);
            (connection.has_changed, self.has_changed) = (true, true);
        }
    }

    /// Notes what is known about a client's socket.
    pub(crate) fn note(&mut self, event: Event) {
        let Some(connection) = self.connections.get_mut(event.key) else { return };
        if event.is_writable && connection.wake() {
            (connection.has_changed, self.has_changed) = (true, true);
        }
        if event.has_ended {
            connection.hang_up();
            // It holds no sender any more.
            self.is_settled = false;
        }
        if event.is_readable {
            list(&mut self.listed, connection);
        }
    }

    /// Reads from each client that can be read, until there is enough for a round.
    pub(crate) fn read(
        &mut self,
        transport: &mut impl Transport,
        intake: &mut Intake,
        round: &Round<'_>,
    ) {
        for _ in 0..self.listed.len() {
            if intake.is_full() {
                return;
            }
            let key = self.listed.pop_front().expect("none was removed");
            // It may have left, and another one may have its key.
            let Some(connection) = self.connections.get_mut(key) else { continue };
            if !std::mem::take(&mut connection.is_listed) {
                continue;
            }
            if connection.read(transport, intake, round) == Unread::Some {
                list(&mut self.listed, connection);
            }
            if connection.is_gone() {
                self.gone.push(key);
                self.is_settled = false;
            } else if connection.is_finishing() {
                (connection.has_changed, self.has_changed) = (true, true);
            }
        }
    }

    /// Appends what another loop has read.
    pub(crate) fn append(&mut self, batch: Arc<Batch>) {
        self.log.push(batch);
        self.has_grown = true;
    }

    /// Appends what this loop has read.
    pub(crate) fn append_own(&mut self, collected: Collected) {
        let start = self.log.push(collected.batch);
        for run in collected.runs {
            let span = Span {
                start: start.after(run.bytes.start, run.frames.start),
                end: start.after(run.bytes.end, run.frames.end),
            };
            self.connections[run.key].skip(span);
        }
        self.has_grown = true;
    }

    /// Writes to each client what there is for it.
    pub(crate) fn flush(&mut self, transport: &mut impl Transport, round: &mut Round<'_>) {
        let has_grown = std::mem::take(&mut self.has_grown);
        if !has_grown && !std::mem::take(&mut self.has_changed) {
            return;
        }
        self.has_changed = false;
        let Self { connections, log, listed, gone, full, .. } = self;
        let log = &*log;
        let flushes = connections.iter_mut().filter_map(|(_, connection)| {
            let is_concerned = std::mem::take(&mut connection.has_changed) || has_grown;
            (is_concerned && !connection.is_gone()).then(|| Flush::new(connection, log))
        });
        let flags = round.writing.flags;
        transport.write(flushes, flags, |flush, result| {
            let connection = &mut *flush.connection;
            let Some(flushed) = connection.wrote(log, result, round) else {
                return Unwritten::Some;
            };
            if flushed == Flushed::Waits {
                full.push(connection.key());
            }
            if connection.end_flush(flushed, log, round) {
                list(listed, connection);
            }
            if connection.is_gone() {
                gone.push(connection.key());
            }
            Unwritten::None
        });
        full.drain(..).for_each(|key| transport.await_room(key));
        self.is_settled = false;
    }

    /// Forgets what no client needs any more. The number of those for which more waits than may.
    pub(crate) fn settle(&mut self) -> u64 {
        if !std::mem::replace(&mut self.is_settled, true) {
            let mut needed = self.log.end().bytes;
            self.holding = 0;
            for (_, connection) in self.connections.iter().filter(|(_, one)| !one.is_gone()) {
                needed = needed.min(connection.needs().unwrap_or(needed));
                self.holding += u64::from(connection.holds());
            }
            self.log.forget_before(needed);
        }
        self.holding
    }

    /// Ends those that are due; when the next one is, nanoseconds of CLOCK_MONOTONIC.
    pub(crate) fn end_due(&mut self, round: &Round<'_>) -> Option<u64> {
        let mut next = None;
        for (key, connection) in &mut self.connections {
            let Some(due) = connection.due(round) else { continue };
            if due.at_ns <= round.now_ns() {
                connection.end_due(due, round);
                self.gone.push(key);
                self.is_settled = false;
            } else {
                next = Some(next.map_or(due.at_ns, |next: u64| next.min(due.at_ns)));
            }
        }
        next
    }

    /// Closes the sockets of those that are gone; how many.
    pub(crate) fn remove_gone(&mut self, transport: &mut impl Transport) -> u64 {
        if self.gone.is_empty() {
            return 0;
        }
        let connections = &mut self.connections;
        let removed = self.gone.drain(..).filter_map(|key| connections.try_remove(key));
        let removed: Vec<Connection> = removed.collect();
        transport.remove(removed.iter().map(Connection::key));
        removed.len() as u64
    }

    /// Aborts all, and those that would have been admitted; how many.
    pub(crate) fn abort_all(
        &mut self,
        transport: &mut impl Transport,
        counters: &Counters,
        now_ns: u64,
        new: impl Iterator<Item = Socket>,
    ) -> u64 {
        transport.remove(self.connections.iter().map(|(key, _)| key));
        let aborted = self.connections.drain().map(|mut connection| {
            connection.end_wait(counters, now_ns);
            connection.abort();
        });
        // ENOTCONN: the client has already reset it.
        let refused = new.map(|socket| drop(socket.shutdown(Shutdown::Both)));
        let count = aborted.chain(refused).count() as u64;
        *self = Self::default();
        count
    }
}

/// A client to which something is written.
struct Flush<'a> {
    connection: &'a mut Connection,
    log: &'a Log,
}

impl<'a> Flush<'a> {
    fn new(connection: &'a mut Connection, log: &'a Log) -> Self {
        connection.begin_flush(log);
        Self { connection, log }
    }
}

impl Writer for Flush<'_> {
    fn socket(&self) -> &Socket {
        self.connection.socket()
    }

    fn pieces<'a>(&'a self, pieces: &mut [IoSlice<'a>]) -> usize {
        self.connection.pieces(self.log, pieces)
    }
}

fn list(listed: &mut VecDeque<usize>, connection: &mut Connection) {
    if !std::mem::replace(&mut connection.is_listed, true) {
        listed.push_back(connection.key());
    }
}
