//! Moves bytes with io_uring(7): the kernel receives into buffers without being asked each time,
//! and one system call makes many writes.
#![expect(unsafe_code, reason = "no crate wraps the requests of io_uring safely")]

mod buffers;
mod refusal;
mod request;
mod watched;

use std::fmt;
use std::io::{self, IoSlice};
use std::os::fd::{AsRawFd, BorrowedFd, RawFd};

use io_uring::types::{Fd, SubmitArgs, Timespec};
use io_uring::{EnterFlags, IoUring, cqueue, opcode, squeue};
use nix::errno::Errno;
use nix::libc;
use nix::sys::signal::{Signal, raise};
use socket2::Socket;

use self::buffers::Buffers;
use self::request::{Generation, Kind, Request};
use self::watched::{Arrival, Watched};
use super::transport::{Event, PIECES, Received, Transport, Unwritten, Waited, Writer};
use crate::error::ServerError;

/// Requests that one system call submits, at most.
const SUBMISSIONS: u32 = 512;

/// Completions for which there is room. If there are more, the kernel keeps them
/// (IORING_FEAT_NODROP), which takes longer.
const COMPLETIONS: u32 = 16 * 1024;

/// Pieces of the sends that one system call submits, at most.
const PIECES_AT_ONCE: usize = 2048;

/// Moves bytes with io_uring(7).
pub(crate) struct Ring {
    /// Dropped, and closed, before the buffers.
    ring: IoUring,
    buffers: Buffers,
    /// By key.
    watched: Vec<Watched>,
    wake: RawFd,
    /// The thread was woken since its last wait.
    is_woken: bool,
    /// Of sockets that may have been removed since.
    events: Vec<(Generation, Event)>,
    /// Clients from which the kernel stopped to receive because there was no buffer.
    starved: Vec<(usize, Generation)>,
    /// The buffer that was received last; it is given back before the next one.
    lent: Option<u16>,
    /// Sends that are complete: their numbers and results.
    sent: Vec<(usize, i32)>,
}

impl Ring {
    /// Whether the kernel permits a ring.
    ///
    /// # Errors
    /// If not, with the cause if it is known.
    pub(crate) fn check_machine() -> Result<(), ServerError> {
        Self::build().map_err(refusal::explain).map(drop)
    }

    fn build() -> io::Result<(IoUring, Buffers)> {
        let ring = IoUring::builder()
            // It belongs to the thread that enables it.
            .setup_r_disabled()
            .setup_single_issuer()
            // What arrives is looked at only when the thread waits or submits.
            .setup_defer_taskrun()
            // A request that fails does not keep those after it from being submitted.
            .setup_submit_all()
            .setup_cqsize(COMPLETIONS)
            .build(SUBMISSIONS)?;
        let buffers = Buffers::new(&ring)?;
        Ok((ring, buffers))
    }

    fn push(&mut self, entry: squeue::Entry, request: Request) {
        let entry = entry.user_data(request.encode());
        // SAFETY: the entry points to nothing, or to the pieces of a send, which `send` leaves
        // where they are until it is complete.
        while unsafe { self.ring.submission().push(&entry) }.is_err() {
            self.enter(None, &SubmitArgs::new());
        }
    }

    /// Submits what was pushed; if a number of completions is given, looks at what has arrived,
    /// and waits for so many.
    fn enter(&mut self, completions: Option<u32>, arguments: &SubmitArgs<'_, '_>) {
        let queue = self.ring.submission();
        let (submissions, has_overflown) = (queue.len() as u32, queue.cq_overflow());
        drop(queue);
        let mut flags = EnterFlags::EXT_ARG;
        flags.set(EnterFlags::GETEVENTS, completions.is_some() || has_overflown);
        // Waits for clients are no waits for storage, as which the kernel would count them.
        flags.set(EnterFlags::NO_IOWAIT, self.ring.params().is_feature_no_iowait());
        let (submitter, completions) = (self.ring.submitter(), completions.unwrap_or(0));
        // SAFETY: with these flags, the kernel takes arguments of this type.
        let entered =
            unsafe { submitter.enter(submissions, completions, flags.bits(), Some(arguments)) };
        match entered.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0))) {
            // EBUSY and EAGAIN: after the completions have been taken, there is room.
            Ok(_) | Err(Errno::ETIME | Errno::EINTR | Errno::EBUSY | Errno::EAGAIN) => {}
            Err(error) => panic!("io_uring_enter: {error}"),
        }
        self.take_completions();
    }

    fn submit(&mut self) {
        while !self.ring.submission().is_empty() {
            self.enter(None, &SubmitArgs::new());
        }
    }

    fn receive_from(&mut self, key: usize) {
        let watched = &mut self.watched[key];
        watched.is_receiving = true;
        let request = watched.request(Kind::Receive, key);
        let entry = opcode::RecvMulti::new(Fd(watched.descriptor), Buffers::GROUP).build();
        self.push(entry, request);
    }

    fn watch_wake(&mut self) {
        let entry = opcode::PollAdd::new(Fd(self.wake), libc::POLLIN as u32).multi(true).build();
        self.push(entry, Request::of(Kind::Wake, 0));
    }

    /// Takes what the kernel has completed.
    fn take_completions(&mut self) {
        // Those that have to be asked for again.
        let mut ended = Vec::new();
        let Self { ring, watched, buffers, is_woken, events, starved, sent, .. } = self;
        for entry in ring.completion() {
            let request = Request::decode(entry.user_data());
            let Request { kind, key, generation } = request;
            let goes_on = cqueue::more(entry.flags());
            let buffer = cqueue::buffer_select(entry.flags());
            if buffer.is_some() {
                buffers.take();
            }
            match kind {
                Kind::Send => sent.push((key, entry.result())),
                Kind::Wake => {
                    *is_woken = true;
                    if !goes_on {
                        ended.push(request);
                    }
                }
                Kind::Cancel => {}
                Kind::Receive | Kind::Room if watched[key].generation != generation => {
                    buffer.into_iter().for_each(|id| buffers.give_back(id));
                }
                Kind::Room => {
                    let event = watched[key].note_room(key, entry.result(), goes_on);
                    events.push((generation, event));
                }
                Kind::Receive => {
                    let one = &mut watched[key];
                    one.is_receiving = goes_on;
                    if entry.result() == -libc::ENOBUFS {
                        starved.push((key, generation));
                        continue;
                    }
                    let has_come = one.note_arrival(buffer, entry.result(), buffers);
                    if !goes_on && !one.has_ended {
                        ended.push(request);
                    }
                    if has_come {
                        let has_ended = one.has_ended;
                        let event = Event { key, is_readable: true, is_writable: false, has_ended };
                        events.push((generation, event));
                    }
                }
            }
        }
        for Request { kind, key, .. } in ended {
            match kind {
                Kind::Receive => self.receive_from(key),
                _ => self.watch_wake(),
            }
        }
    }

    /// Begins again to receive from the clients for which there was no buffer.
    fn feed(&mut self) {
        if !self.starved.is_empty() && self.buffers.are_plenty() {
            for (key, generation) in std::mem::take(&mut self.starved) {
                if self.watched[key].generation == generation {
                    self.receive_from(key);
                }
            }
        }
    }

    /// Sends once to each of those writers, by number; the results are in `sent`.
    fn send<W: Writer>(&mut self, writers: &[W], numbers: &[usize], flags: i32) {
        // Neither moves: the requests point into them.
        let mut pieces: Vec<IoSlice<'_>> = Vec::with_capacity(PIECES_AT_ONCE);
        let mut messages: Vec<libc::msghdr> = Vec::with_capacity(numbers.len());
        for (begun, &number) in numbers.iter().enumerate() {
            if pieces.len() + PIECES > PIECES_AT_ONCE {
                self.complete(begun);
                pieces.clear();
            }
            let writer = &writers[number];
            let mut next = [IoSlice::new(&[]); PIECES];
            let count = writer.pieces(&mut next);
            let socket = Fd(writer.socket().as_raw_fd());
            let entry = match &next[..count] {
                [] => {
                    self.sent.push((number, 0));
                    continue;
                }
                [one] => {
                    opcode::Send::new(socket, one.as_ptr(), one.len() as u32).flags(flags).build()
                }
                several => {
                    let start = pieces.len();
                    pieces.extend_from_slice(several);
                    // SAFETY: without an address and control data, all zeros are a message.
                    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
                    // An IoSlice is an iovec (its documentation), and the kernel only reads it.
                    message.msg_iov = pieces[start..].as_ptr().cast_mut().cast();
                    message.msg_iovlen = count as _;
                    messages.push(message);
                    let message: *const _ = &raw const messages[messages.len() - 1];
                    opcode::SendMsg::new(socket, message).flags(flags as u32).build()
                }
            };
            self.push(entry, Request::of(Kind::Send, number));
        }
        self.complete(numbers.len());
    }

    /// Waits until so many sends are complete. With MSG_DONTWAIT, they are as soon as they are
    /// submitted (`io_queue_async`, REQ_F_NOWAIT).
    fn complete(&mut self, begun: usize) {
        self.submit();
        while self.sent.len() < begun {
            self.enter(Some(1), &SubmitArgs::new());
        }
    }
}

impl Transport for Ring {
    fn new(wake: BorrowedFd<'_>) -> Result<Self, ServerError> {
        let (ring, buffers) = Self::build().map_err(refusal::explain)?;
        Ok(Self {
            ring,
            buffers,
            watched: Vec::new(),
            wake: wake.as_raw_fd(),
            is_woken: false,
            events: Vec::new(),
            starved: Vec::new(),
            lent: None,
            sent: Vec::new(),
        })
    }

    fn begin(&mut self) {
        let enabled = self.ring.submitter().register_enable_rings();
        enabled.expect("a ring that was made disabled can be enabled once");
        self.watch_wake();
    }

    fn add(&mut self, key: usize, socket: &Socket) -> io::Result<()> {
        if self.watched.len() <= key {
            self.watched.resize_with(key + 1, Watched::default);
        }
        self.watched[key].begin(socket.as_raw_fd());
        self.receive_from(key);
        Ok(())
    }

    fn remove(&mut self, keys: impl Iterator<Item = usize>) {
        for key in keys {
            for request in self.watched[key].end(key, &mut self.buffers).into_iter().flatten() {
                let cancel = opcode::AsyncCancel::new(request.encode()).build();
                self.push(cancel, Request::of(Kind::Cancel, 0));
            }
        }
        // What was pushed names the descriptors, which other sockets can get.
        self.submit();
    }

    fn wait(&mut self, timeout_ns: Option<u64>) -> Waited {
        self.feed();
        let time = timeout_ns
            .map(|ns| Timespec::new().sec(ns / 1_000_000_000).nsec((ns % 1_000_000_000) as u32));
        let waits = self.events.is_empty() && !self.is_woken && timeout_ns != Some(0);
        let arguments = match &time {
            Some(time) if waits => SubmitArgs::new().timespec(time),
            _ => SubmitArgs::new(),
        };
        self.enter(Some(u32::from(waits)), &arguments);
        let is_woken = std::mem::take(&mut self.is_woken);
        // The kernel keeps what the queue of completions has no room for.
        let is_all = !self.ring.submission().cq_overflow();
        Waited { has_come: is_woken || !self.events.is_empty(), is_all }
    }

    fn take_events(&mut self, each: impl FnMut(Event)) {
        let Self { events, watched, .. } = self;
        let is_watched = |(generation, event): (Generation, Event)| {
            (watched[event.key].generation == generation).then_some(event)
        };
        events.drain(..).filter_map(is_watched).for_each(each);
    }

    fn receive(&mut self, key: usize, _: &Socket) -> Received<'_> {
        if let Some(id) = self.lent.take() {
            self.buffers.give_back(id);
        }
        let arrivals = &mut self.watched[key].arrivals;
        match arrivals.pop_front() {
            None => Received::Nothing,
            Some(Arrival::End) => Received::End,
            Some(Arrival::Failed) => Received::Failed,
            Some(Arrival::Bytes(id, count)) => {
                self.lent = Some(id);
                let bytes = self.buffers.bytes(id, count);
                Received::Bytes { bytes, has_more: !arrivals.is_empty() }
            }
        }
    }

    fn discard(&mut self, key: usize) {
        self.watched[key].discard(&mut self.buffers);
    }

    fn write<W: Writer>(
        &mut self,
        mut writers: impl Iterator<Item = W>,
        flags: i32,
        mut wrote: impl FnMut(&mut W, io::Result<usize>) -> Unwritten,
    ) {
        let mut batch: Vec<W> = Vec::with_capacity(SUBMISSIONS as usize);
        let mut numbers: Vec<usize> = Vec::new();
        loop {
            batch.clear();
            batch.extend(writers.by_ref().take(SUBMISSIONS as usize));
            if batch.is_empty() {
                return;
            }
            numbers.extend(0..batch.len());
            while !numbers.is_empty() {
                self.send(&batch, &numbers, flags | libc::MSG_DONTWAIT);
                numbers.clear();
                for (number, result) in self.sent.drain(..) {
                    if wrote(&mut batch[number], sent(result, flags)) == Unwritten::Some {
                        numbers.push(number);
                    }
                }
            }
        }
    }

    fn await_room(&mut self, key: usize) {
        let watched = &mut self.watched[key];
        if std::mem::replace(&mut watched.awaits_room, true) {
            return;
        }
        // Again and again: a single one would be complete at once after the client's FIN, which a
        // poll of a ring always looks for (IO_POLL_UNMASK, io_uring/poll.c).
        let events = (libc::POLLOUT | libc::POLLRDHUP) as u32;
        let request = watched.request(Kind::Room, key);
        let entry = opcode::PollAdd::new(Fd(watched.descriptor), events).multi(true).build();
        self.push(entry, request);
    }
}

impl fmt::Debug for Ring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { buffers, watched, events, starved, .. } = self;
        f.debug_struct("Ring")
            .field("buffers", buffers)
            .field("watched", watched)
            .field("events", events)
            .field("starved", starved)
            .finish_non_exhaustive()
    }
}

/// The result of a send, as of send(2).
fn sent(result: i32, flags: i32) -> io::Result<usize> {
    if result == -libc::EPIPE && flags & libc::MSG_NOSIGNAL == 0 {
        // A ring never raises it (`io_sendmsg_prep`).
        let _ = raise(Signal::SIGPIPE);
    }
    usize::try_from(result).map_err(|_| io::Error::from_raw_os_error(-result))
}
