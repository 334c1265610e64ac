//! The clients of a loop.

use std::collections::VecDeque;
use std::net::Shutdown;
use std::sync::Arc;

use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use slab::Slab;
use socket2::Socket;
use worker::metrics::ClosedBecause;

use super::batch::Batch;
use super::connection::{Connection, Unread};
use super::intake::{Collected, Intake};
use super::log::{Log, Span};
use super::round::Round;
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
    /// Those to flush even if the log has not grown.
    changed: Vec<usize>,
    /// Those to remove.
    gone: Vec<usize>,
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

    pub(crate) fn admit(&mut self, socket: Socket, poller: &Epoll, round: &Round<'_>) {
        // Edges: no system call to change what is waited for, and none to find that nothing is
        // left to read.
        let events = EpollFlags::EPOLLIN
            | EpollFlags::EPOLLOUT
            | EpollFlags::EPOLLRDHUP
            | EpollFlags::EPOLLET;
        let entry = self.connections.vacant_entry();
        let key = entry.key();
        let added = poller.add(&socket, EpollEvent::new(events, key as u64));
        let connection = entry.insert(Connection::new(key, socket, self.log.end(), round));
        if added.is_err() {
            // ENOMEM, or ENOSPC at fs.epoll.max_user_watches.
            connection.close(ClosedBecause::NoMemory, round.counters());
            self.gone.push(key);
        } else if connection.is_finishing() {
            self.changed.push(key);
        }
    }

    /// Notes what epoll_wait(2) has returned for a client.
    pub(crate) fn note(&mut self, event: EpollEvent) {
        let (key, events) = (event.data() as usize, event.events());
        let Some(connection) = self.connections.get_mut(key) else { return };
        let has_ended =
            events.intersects(EpollFlags::EPOLLRDHUP | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR);
        let has_failed = events.intersects(EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR);
        if (has_failed || events.contains(EpollFlags::EPOLLOUT)) && connection.wake() {
            self.changed.push(key);
        }
        if has_ended {
            connection.hang_up();
            // It holds no sender any more.
            self.is_settled = false;
        }
        if has_ended || events.contains(EpollFlags::EPOLLIN) {
            list(&mut self.listed, connection);
        }
    }

    /// Reads from each client that can be read, until there is enough for a round.
    pub(crate) fn read(&mut self, buffer: &mut [u8], intake: &mut Intake, round: &Round<'_>) {
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
            if connection.read(buffer, intake, round) == Unread::Some {
                list(&mut self.listed, connection);
            }
            if connection.is_gone() {
                self.gone.push(key);
                self.is_settled = false;
            } else if connection.is_finishing() {
                self.changed.push(key);
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
    pub(crate) fn flush(&mut self, round: &mut Round<'_>) {
        if !self.has_grown && self.changed.is_empty() {
            return;
        }
        let Self { connections, log, listed, changed, gone, .. } = self;
        let mut flush = |key: usize, connection: &mut Connection| {
            if connection.is_gone() {
                return;
            }
            if connection.flush(log, round) {
                list(listed, connection);
            }
            if connection.is_gone() {
                gone.push(key);
            }
        };
        if std::mem::take(&mut self.has_grown) {
            changed.clear();
            connections.iter_mut().for_each(|(key, connection)| flush(key, connection));
        } else {
            changed.drain(..).for_each(|key| flush(key, &mut connections[key]));
        }
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
    pub(crate) fn remove_gone(&mut self) -> u64 {
        let removed = self.gone.drain(..).filter_map(|key| self.connections.try_remove(key));
        removed.count() as u64
    }

    /// Aborts all, and those that would have been admitted; how many.
    pub(crate) fn abort_all(
        &mut self,
        counters: &Counters,
        now_ns: u64,
        new: impl Iterator<Item = Socket>,
    ) -> u64 {
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

fn list(listed: &mut VecDeque<usize>, connection: &mut Connection) {
    if !std::mem::replace(&mut connection.is_listed, true) {
        listed.push_back(connection.key());
    }
}
