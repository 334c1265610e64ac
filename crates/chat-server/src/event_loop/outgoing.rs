//! What a client is sent.

use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use socket2::Socket;

use super::cursor::Cursor;
use super::log::{Log, Place, Span};
use super::round::{Round, Writing};
use crate::counters::Counters;
use crate::frame_memory::Share;
use crate::lock::lock;
use crate::pace::Pace;
use crate::settings::WhenFull;

/// Pieces of one vectored write, at most.
const PIECES: usize = 64;

/// What has become of a flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flushed {
    /// It has everything.
    All,
    /// Its socket is full; the rest waits.
    Waits,
    /// The connection has ended.
    Gone,
    /// It takes too little for `write_timeout`.
    TooSlow,
    /// More waits for it than may, and it is to be closed then.
    Full,
}

/// What a client is sent: everything from its cursor on.
#[derive(Debug)]
pub(crate) struct Outgoing {
    cursor: Cursor,
    /// What waits for a client that leaves, instead of the log of the loop; with its memory.
    own: Option<(Log, Share)>,
    /// Since when its socket is full, nanoseconds of CLOCK_MONOTONIC.
    full_since_ns: Option<u64>,
    /// It can be written to again, though it was full.
    woken: bool,
    pace: Pace,
    /// When its socket last took bytes, nanoseconds of CLOCK_MONOTONIC. At first, when it came.
    taken_ns: u64,
    /// More waits for it than may: nothing is read from any client until there is room.
    holds: bool,
}

impl Outgoing {
    pub(crate) fn new(at: Place, now_ns: u64) -> Self {
        Self {
            cursor: Cursor::new(at),
            own: None,
            full_since_ns: None,
            woken: false,
            pace: Pace::default(),
            taken_ns: now_ns,
            holds: false,
        }
    }

    /// Leaves out its own messages.
    pub(crate) fn skip(&mut self, span: Span) {
        self.cursor.skip(span);
    }

    /// The first byte of the log that it may still need.
    pub(crate) fn needs(&self) -> Option<u64> {
        self.own.is_none().then(|| self.cursor.at())
    }

    /// Takes what waits up to `until` out of the log, which then need not keep it for a client
    /// that may never read. False if there is no memory.
    pub(crate) fn leave_log(&mut self, log: &Log, until: Place, mut memory: Share) -> bool {
        let has_memory = self.own.is_some() || memory.grow_to(2 * self.cursor.waiting(until));
        if has_memory && self.own.is_none() {
            let mut own = Log::default();
            own.push(Arc::new(self.cursor.take_out(log, until)));
            self.cursor = Cursor::new(Place::default());
            self.own = Some((own, memory));
            self.holds = false;
        }
        has_memory
    }

    pub(crate) fn taken_ns(&self) -> u64 {
        self.taken_ns
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.full_since_ns.is_some()
    }

    pub(crate) fn holds(&self) -> bool {
        self.holds
    }

    /// When it is too slow if it takes nothing before, nanoseconds of CLOCK_MONOTONIC. What it
    /// has not taken since its last write counts: its socket has been full since.
    pub(crate) fn due_ns(&self, writing: &Writing) -> Option<u64> {
        let is_limited = self.full_since_ns.is_some() && !writing.timeout.is_zero();
        is_limited.then(|| self.taken_ns + writing.timeout.as_nanos() as u64)
    }

    /// Notes in the counters that it was waited for until now.
    pub(crate) fn end_wait(&mut self, counters: &Counters, now_ns: u64) {
        if let Some(since_ns) = self.full_since_ns.take() {
            let waited_ns = now_ns - since_ns;
            lock(&counters.write_waits).record(waited_ns);
            self.pace.add_wait(Duration::from_nanos(waited_ns));
        }
    }

    /// Notes that its socket takes bytes again, or has failed.
    pub(crate) fn wake(&mut self) {
        self.woken = true;
    }

    /// Writes what comes before `until`, as much as its socket takes at once.
    pub(crate) fn flush(
        &mut self,
        socket: &Socket,
        log: &Log,
        until: Place,
        round: &mut Round<'_>,
    ) -> Flushed {
        let is_full = self.is_waiting() && !std::mem::take(&mut self.woken);
        let mut write = |own: &mut Self, log, until| match is_full {
            true => Flushed::Waits,
            false => own.write(socket, log, until, round),
        };
        if let Some(own) = self.own.take() {
            let flushed = write(self, &own.0, own.0.end());
            self.own = Some(own);
            return flushed;
        }
        match write(self, log, until) {
            Flushed::Waits => self.limit(log, until, round),
            flushed => {
                self.holds = false;
                flushed
            }
        }
    }

    fn write(
        &mut self,
        socket: &Socket,
        log: &Log,
        until: Place,
        round: &mut Round<'_>,
    ) -> Flushed {
        let had_to_wait = self.is_waiting();
        self.end_wait(round.counters(), round.now_ns());
        loop {
            let mut pieces = [IoSlice::new(&[]); PIECES];
            let count = self.cursor.pieces(log, until, &mut pieces);
            let pieces = &pieces[..count];
            let offered: usize = pieces.iter().map(|piece| piece.len()).sum();
            let taken = match send(socket, pieces, round.writing.flags) {
                Ok(taken) => taken,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
                Err(_) => return Flushed::Gone,
            };
            round.deliveries += self.cursor.advance(log, taken as u64);
            round.bytes_out += taken as u64;
            self.pace.add_taken(taken as u64);
            if taken > 0 {
                self.taken_ns = round.now_ns();
            }
            if had_to_wait && self.pace.is_too_slow(round.writing.timeout) {
                return Flushed::TooSlow;
            }
            if taken < offered {
                self.full_since_ns = Some(round.now_ns());
                return Flushed::Waits;
            }
            if count < PIECES {
                return Flushed::All;
            }
        }
    }

    /// Does what the settings say if more waits for it than may.
    fn limit(&mut self, log: &Log, until: Place, round: &Round<'_>) -> Flushed {
        let Writing { most_waiting, when_full, .. } = *round.writing;
        // The log keeps its own messages with those that wait for it: one that sends and does not
        // read would make it grow.
        let keeps_too_much = until.bytes - self.cursor.at() > 2 * most_waiting;
        let is_full = keeps_too_much || self.cursor.waiting(until) > most_waiting;
        self.holds = is_full && when_full == WhenFull::HoldSender;
        if is_full && when_full == WhenFull::CloseClient {
            return Flushed::Full;
        }
        if is_full && when_full == WhenFull::DropMessage {
            let most = if keeps_too_much { 0 } else { most_waiting };
            let dropped = self.cursor.drop_oldest(log, until, most);
            Counters::add(&round.counters().dropped, dropped);
        }
        Flushed::Waits
    }
}

fn send(socket: &Socket, pieces: &[IoSlice<'_>], flags: i32) -> io::Result<usize> {
    match pieces {
        [] => Ok(0),
        [one] => socket.send_with_flags(one, flags),
        several => socket.send_vectored_with_flags(several, flags),
    }
}
