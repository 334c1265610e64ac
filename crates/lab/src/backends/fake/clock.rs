//! A clock without real time.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;

/// Advances only by `sleep`, which returns immediately.
#[derive(Debug)]
pub(super) struct FakeClock {
    ns: AtomicU64,
}

impl FakeClock {
    /// A clock at one second.
    pub(super) fn new() -> Self {
        Self { ns: AtomicU64::new(1_000_000_000) }
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Duration {
        Duration::from_nanos(self.ns.load(Ordering::SeqCst))
    }

    fn sleep(&self, duration: Duration) {
        self.ns.fetch_add(duration.as_nanos() as u64, Ordering::SeqCst);
    }
}
