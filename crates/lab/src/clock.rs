//! The clock of a trial: the machine's own, or a backend's.

use std::fmt::Debug;
use std::time::Duration;

/// A monotonic clock that can be waited on. A backend without real time has its own.
pub trait Clock: Debug + Sync {
    /// The time since a fixed point in the past; for the machine's own clock,
    /// CLOCK_MONOTONIC.
    fn now(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration);

    /// [`Clock::now`] in nanoseconds.
    fn now_ns(&self) -> u64 {
        self.now().as_nanos() as u64
    }
}

/// CLOCK_MONOTONIC.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(linux_net::monotonic_ns())
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}
