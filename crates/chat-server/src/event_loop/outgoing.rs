//! What a client is sent.

use std::io::{self, ErrorKind, IoSlice};
use std::sync::Arc;
use std::time::Duration;

use super::cursor::Cursor;
use super::log::{Log, Place, Span};
use super::round::{Round, Writing};
use crate::counters::Counters;
use crate::frame_memory::Share;
use crate::lock::lock;
use crate::pace::Pace;
use crate::settings::WhenFull;

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
    /// Its socket was full before the flush.
    had_to_wait: bool,
    /// Its socket was full before the flush, and nothing has changed.
    is_full: bool,
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
            had_to_wait: false,
            is_full: false,
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

    /// A flush begins: something is written, unless its socket is known to be full.
    pub(crate) fn begin(&mut self) {
        self.is_full = self.is_waiting() && !std::mem::take(&mut self.woken);
        self.had_to_wait = self.is_waiting();
    }

    /// The next bytes before `until` to write, in as many pieces as there is room for; how many
    /// pieces.
    pub(crate) fn pieces<'a>(
        &'a self,
        log: &'a Log,
        until: Place,
        pieces: &mut [IoSlice<'a>],
    ) -> usize {
        match &self.own {
            _ if self.is_full => 0,
            Some((own, _)) => self.cursor.pieces(own, own.end(), pieces),
            None => self.cursor.pieces(log, until, pieces),
        }
    }

    /// Takes note of the result of a write of what comes before `until`. What has become of the
    /// flush, if it is over.
    pub(crate) fn wrote(
        &mut self,
        log: &Log,
        until: Place,
        result: io::Result<usize>,
        round: &mut Round<'_>,
    ) -> Option<Flushed> {
        if self.is_full {
            return Some(self.wait(log, until, round));
        }
        self.end_wait(round.counters(), round.now_ns());
        let (taken, is_full) = match result {
            Ok(taken) => (taken as u64, false),
            Err(error) if error.kind() == ErrorKind::Interrupted => return None,
            Err(error) if error.kind() == ErrorKind::WouldBlock => (0, true),
            Err(_) => {
                self.holds = false;
                return Some(Flushed::Gone);
            }
        };
        let own = self.own.as_ref().map(|(own, _)| (own, own.end()));
        let (from, end) = own.unwrap_or((log, until));
        round.deliveries += self.cursor.advance(from, taken);
        round.bytes_out += taken;
        self.pace.add_taken(taken);
        if taken > 0 {
            self.taken_ns = round.now_ns();
        }
        if self.had_to_wait && self.pace.is_too_slow(round.writing.timeout) {
            return Some(Flushed::TooSlow);
        }
        if is_full {
            self.full_since_ns = Some(round.now_ns());
            return Some(self.wait(log, until, round));
        }
        if self.cursor.waiting(end) > 0 {
            return None;
        }
        self.holds = false;
        Some(Flushed::All)
    }

    /// Its socket is full.
    fn wait(&mut self, log: &Log, until: Place, round: &Round<'_>) -> Flushed {
        match self.own {
            Some(_) => Flushed::Waits,
            None => self.limit(log, until, round),
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
