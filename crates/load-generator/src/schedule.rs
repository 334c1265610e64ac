//! When a client's messages are due.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// A client's schedule, fixed when its chat starts, and its progress. The server cannot
/// delay it (open loop).
///
/// One thread writes messages. Each thread that reads them looks here whether they can be
/// genuine, and how old they are.
#[derive(Debug)]
pub(crate) struct Schedule {
    /// The intended time of message 0, nanoseconds; `u64::MAX` before the chat starts.
    start_ns: AtomicU64,
    /// Between two messages, nanoseconds.
    interval_ns: u64,
    /// Total number of messages.
    pub(crate) messages: u32,
    started: AtomicU32,
    written: AtomicU32,
}

impl Schedule {
    pub(crate) fn new(interval_ns: u64, messages: u32) -> Self {
        Self {
            start_ns: AtomicU64::new(u64::MAX),
            interval_ns,
            messages,
            started: AtomicU32::new(0),
            written: AtomicU32::new(0),
        }
    }

    /// Starts the chat: message 0 is due at this time.
    pub(crate) fn start(&self, at_ns: u64) {
        self.start_ns.store(at_ns, Ordering::Relaxed);
    }

    /// Messages written to the socket or waiting for room in it.
    #[inline]
    pub(crate) fn started(&self) -> u32 {
        // Pairs with the release, so that the start of a started message is known.
        self.started.load(Ordering::Acquire)
    }

    /// Counts a message as started; before its first byte is written.
    pub(crate) fn start_next(&self) {
        self.started.store(self.started.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    /// Messages written completely.
    pub(crate) fn written(&self) -> u32 {
        self.written.load(Ordering::Relaxed)
    }

    pub(crate) fn set_written(&self, written: u32) {
        self.written.store(written, Ordering::Relaxed);
    }

    /// When message `number` should be written, nanoseconds.
    #[inline]
    pub(crate) fn intended_ns(&self, number: u32) -> u64 {
        let start_ns = self.start_ns.load(Ordering::Relaxed);
        start_ns.saturating_add(self.interval_ns.saturating_mul(number.into()))
    }

    /// The number of messages that should have been written by `now_ns`.
    pub(crate) fn due(&self, now_ns: u64) -> u32 {
        let Some(since_start) = now_ns.checked_sub(self.start_ns.load(Ordering::Relaxed)) else {
            return 0;
        };
        match since_start.checked_div(self.interval_ns) {
            Some(intervals) => u32::try_from(intervals)
                .map_or(self.messages, |intervals| intervals.saturating_add(1).min(self.messages)),
            None => self.messages,
        }
    }

    /// Whether everything is written.
    pub(crate) fn is_written(&self) -> bool {
        self.written() == self.messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_due_from_its_intended_time_on() {
        let schedule = Schedule::new(10, 3);
        assert_eq!(schedule.due(1_000_000), 0, "not ready yet");
        schedule.start(100);
        for number in 0..3 {
            let intended = schedule.intended_ns(number);
            assert_eq!(schedule.due(intended - 1), number);
            assert_eq!(schedule.due(intended), number + 1);
        }
        assert_eq!(schedule.due(u64::MAX), 3);
    }

    #[test]
    fn without_an_interval_all_are_due_at_once() {
        let schedule = Schedule::new(0, 1000);
        schedule.start(100);
        assert_eq!((schedule.due(99), schedule.due(100)), (0, 1000));
    }
}
