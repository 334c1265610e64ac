//! The barrier at which trials wait before their load starts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};

use worker::RESPONSE_TIMEOUT;

/// Trials that run side by side, each in its own thread. None of them starts its load
/// before all have their testbeds: creating one takes CPU time from trials that count in
/// milliseconds.
#[derive(Debug)]
pub(crate) struct StartBarrier {
    trials: usize,
    /// Trials that are not ready for their load.
    preparing: Mutex<usize>,
    changed: Condvar,
    cancelled: AtomicBool,
}

impl StartBarrier {
    /// A barrier for this number of trials.
    pub(crate) fn new(trials: usize) -> Self {
        Self {
            trials,
            preparing: Mutex::new(trials),
            changed: Condvar::new(),
            cancelled: AtomicBool::new(false),
        }
    }

    /// The number of trials.
    pub(crate) fn trials(&self) -> usize {
        self.trials
    }

    /// Counts one trial as ready, or as one that will never be.
    pub(crate) fn arrive(&self) {
        let mut preparing = self.preparing.lock().expect("the counter is never poisoned");
        *preparing = preparing.saturating_sub(1);
        self.changed.notify_all();
    }

    /// Counts the calling trial as ready and waits for the others. Each trial calls it at
    /// most once. A trial that hangs delays the others for a limited time.
    pub(crate) fn wait(&self) {
        self.arrive();
        let preparing = self.preparing.lock().expect("the counter is never poisoned");
        let all = self
            .changed
            .wait_timeout_while(preparing, RESPONSE_TIMEOUT, |preparing| *preparing > 0);
        drop(all);
    }

    /// Makes every trial end.
    pub(crate) fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether a trial has failed, and the others must end.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn no_trial_passes_before_all_have_arrived() {
        let barrier = StartBarrier::new(3);
        let passed = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    barrier.wait();
                    passed.fetch_add(1, Ordering::SeqCst);
                });
            }
            assert_eq!(passed.load(Ordering::SeqCst), 0);
            // One that failed before it was ready does not delay the others.
            barrier.arrive();
        });
        assert_eq!(passed.load(Ordering::SeqCst), 2);
    }
}
