//! The timers of the event loop.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::os::fd::AsFd;

use nix::sys::time::TimeSpec;
use nix::sys::timer::TimerSetTimeFlags;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags};

/// What happens when a timer expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// Start an attempt.
    Start(usize),
    /// An attempt's connect deadline.
    ConnectDeadline(usize),
    /// A client's next message.
    Send(usize),
    /// Check for a quiet time.
    Quiet,
    /// The linger is over.
    Linger,
    /// A client's own linger is over.
    ClientLinger(usize),
    /// A client's own finish deadline.
    ClientFinish(usize),
    /// The finish deadline of all clients.
    Finish,
}

/// Timers on CLOCK_MONOTONIC. A timerfd wakes the loop, because epoll_wait(2)
/// itself waits in whole milliseconds.
#[derive(Debug)]
pub(crate) struct Timers {
    due: BinaryHeap<Reverse<(u64, Timer)>>,
    fd: TimerFd,
    armed_for: u64,
}

impl Timers {
    pub(crate) fn new() -> nix::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        Ok(Self {
            due: BinaryHeap::new(),
            fd: TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?,
            armed_for: 0,
        })
    }

    /// Readable once the earliest timer is due and [`Self::arm`] was called. It is never
    /// read: register it edge-triggered.
    pub(crate) fn fd(&self) -> impl AsFd + '_ {
        self.fd.as_fd()
    }

    pub(crate) fn add(&mut self, at_ns: u64, timer: Timer) {
        self.due.push(Reverse((at_ns, timer)));
    }

    /// The next timer that is due at `now_ns`, taken out.
    pub(crate) fn take_due(&mut self, now_ns: u64) -> Option<Timer> {
        let Reverse((at_ns, timer)) = *self.due.peek()?;
        (at_ns <= now_ns).then(|| {
            self.due.pop();
            timer
        })
    }

    /// The timerfd has become readable.
    pub(crate) fn fired(&mut self) {
        self.armed_for = 0;
    }

    /// Sets the timerfd to the earliest timer.
    pub(crate) fn arm(&mut self) -> nix::Result<()> {
        let Some(Reverse((at_ns, _))) = self.due.peek() else {
            return Ok(());
        };
        if *at_ns != self.armed_for {
            let at = TimeSpec::new((at_ns / 1_000_000_000) as i64, (at_ns % 1_000_000_000) as i64);
            self.fd.set(Expiration::OneShot(at), TimerSetTimeFlags::TFD_TIMER_ABSTIME)?;
            self.armed_for = *at_ns;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_come_out_in_order_and_only_when_due() {
        let mut timers = Timers::new().expect("a timerfd");
        timers.add(30, Timer::Finish);
        timers.add(10, Timer::Send(1));
        timers.add(20, Timer::Start(2));
        assert_eq!(timers.take_due(9), None);
        assert_eq!(timers.take_due(25), Some(Timer::Send(1)));
        assert_eq!(timers.take_due(25), Some(Timer::Start(2)));
        assert_eq!(timers.take_due(25), None);
        assert_eq!(timers.take_due(30), Some(Timer::Finish));
        assert_eq!(timers.take_due(u64::MAX), None);
    }
}
