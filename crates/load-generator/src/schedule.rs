//! When a client's messages are due.

/// A client's schedule, fixed when its chat starts, and its progress. The server cannot
/// delay it (open loop).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    /// The intended time of message 0, nanoseconds; `u64::MAX` before the chat starts.
    pub(crate) start_ns: u64,
    /// Between two messages, nanoseconds.
    pub(crate) interval_ns: u64,
    /// Total number of messages.
    pub(crate) messages: u32,
    /// Messages written to the socket or waiting for room in it.
    pub(crate) started: u32,
    /// Messages written completely.
    pub(crate) written: u32,
}

impl Schedule {
    pub(crate) fn new(interval_ns: u64, messages: u32) -> Self {
        Self { start_ns: u64::MAX, interval_ns, messages, started: 0, written: 0 }
    }

    /// When message `number` should be written, nanoseconds.
    pub(crate) fn intended_ns(&self, number: u32) -> u64 {
        self.start_ns.saturating_add(self.interval_ns.saturating_mul(number.into()))
    }

    /// The number of messages that should have been written by `now_ns`.
    pub(crate) fn due(&self, now_ns: u64) -> u32 {
        let Some(since_start) = now_ns.checked_sub(self.start_ns) else {
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
        self.written == self.messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_due_from_its_intended_time_on() {
        let mut schedule = Schedule::new(10, 3);
        assert_eq!(schedule.due(1_000_000), 0, "not ready yet");
        schedule.start_ns = 100;
        for number in 0..3 {
            let intended = schedule.intended_ns(number);
            assert_eq!(schedule.due(intended - 1), number);
            assert_eq!(schedule.due(intended), number + 1);
        }
        assert_eq!(schedule.due(u64::MAX), 3);
    }

    #[test]
    fn without_an_interval_all_are_due_at_once() {
        let mut schedule = Schedule::new(0, 1000);
        schedule.start_ns = 100;
        assert_eq!((schedule.due(99), schedule.due(100)), (0, 1000));
    }
}
