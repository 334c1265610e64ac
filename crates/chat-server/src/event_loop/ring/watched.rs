//! A client's socket as the ring knows it.

use std::collections::VecDeque;
use std::os::fd::RawFd;

use nix::libc;

use super::buffers::Buffers;
use super::request::{Generation, Kind, Request};
use crate::event_loop::transport::Event;

/// Something that the kernel has received.
#[derive(Debug)]
pub(super) enum Arrival {
    /// Bytes in a buffer, and how many.
    Bytes(u16, usize),
    End,
    Failed,
}

/// A client's socket as the ring knows it, or what the next one needs to know of the last.
#[derive(Debug, Default)]
pub(super) struct Watched {
    pub(super) descriptor: RawFd,
    pub(super) generation: Generation,
    /// The kernel receives from it.
    pub(super) is_receiving: bool,
    /// The kernel tells each time when it takes bytes again.
    pub(super) awaits_room: bool,
    /// Its side of the connection has ended.
    pub(super) has_ended: bool,
    /// Bytes are thrown away.
    pub(super) discards: bool,
    /// What came, in order.
    pub(super) arrivals: VecDeque<Arrival>,
}

impl Watched {
    /// Begins with another socket.
    pub(super) fn begin(&mut self, descriptor: RawFd) {
        let generation = self.generation;
        *self = Self { descriptor, generation, ..Self::default() };
    }

    pub(super) fn request(&self, kind: Kind, key: usize) -> Request {
        Request { kind, key, generation: self.generation }
    }

    /// Throws away the bytes that came, and those that will come.
    pub(super) fn discard(&mut self, buffers: &mut Buffers) {
        self.discards = true;
        self.arrivals.retain(|arrival| match arrival {
            Arrival::Bytes(id, _) => {
                buffers.give_back(*id);
                false
            }
            Arrival::End | Arrival::Failed => true,
        });
    }

    /// Notes what a poll for room has found: revents, or an error; and whether it goes on.
    pub(super) fn note_room(&mut self, key: usize, result: i32, goes_on: bool) -> Event {
        self.awaits_room = goes_on;
        let found = |bits: i16| result > 0 && result & i32::from(bits) != 0;
        let has_ended = found(libc::POLLHUP | libc::POLLERR | libc::POLLRDHUP);
        // If it does not go on, a write finds out whether there is room, and another poll begins.
        let is_writable = !goes_on || found(libc::POLLOUT | libc::POLLHUP | libc::POLLERR);
        Event { key, is_readable: false, is_writable, has_ended }
    }

    /// Notes what the kernel has received: a number of bytes, 0 at the end, or an error. Whether
    /// there is something for the client.
    pub(super) fn note_arrival(
        &mut self,
        buffer: Option<u16>,
        result: i32,
        buffers: &mut Buffers,
    ) -> bool {
        let arrival = match (buffer, usize::try_from(result)) {
            (Some(id), Ok(count @ 1..)) if !self.discards => Arrival::Bytes(id, count),
            (Some(id), Ok(1..)) => {
                buffers.give_back(id);
                return false;
            }
            (buffer, count) => {
                buffer.into_iter().for_each(|id| buffers.give_back(id));
                self.has_ended = true;
                if count == Ok(0) { Arrival::End } else { Arrival::Failed }
            }
        };
        self.arrivals.push_back(arrival);
        true
    }

    /// Ends: what is still asked for it, which is to be cancelled.
    pub(super) fn end(&mut self, key: usize, buffers: &mut Buffers) -> [Option<Request>; 2] {
        self.discard(buffers);
        let receive = self.is_receiving.then(|| self.request(Kind::Receive, key));
        let room = self.awaits_room.then(|| self.request(Kind::Room, key));
        self.generation = self.generation.next();
        [receive, room]
    }
}
