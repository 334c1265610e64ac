//! A mutex whose waits and holds are measured.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard};

use linux_net::monotonic_ns;
use worker::metrics::DurationSummary;

use crate::durations::Durations;
use crate::lock::lock;

/// A mutex that measures how long it was waited for, and how long it was held.
#[derive(Debug, Default)]
pub(crate) struct TimedMutex<T> {
    value: Mutex<T>,
    /// Only locked by the thread that has locked `value`, so without contention, and by
    /// reports, which must not wait for a thread that holds `value`.
    times: Mutex<LockTimes>,
}

/// Waits for locks and holds of them.
#[derive(Debug, Default)]
pub(crate) struct LockTimes {
    wait: Durations,
    hold: Durations,
    message_hold: Durations,
}

/// What is reported of [`LockTimes`].
#[derive(Debug)]
pub(crate) struct LockSummaries {
    pub(crate) wait: DurationSummary,
    pub(crate) hold: DurationSummary,
    /// Of the holds, those to broadcast a message.
    pub(crate) message_hold: DurationSummary,
}

impl LockTimes {
    pub(crate) fn summaries(&self) -> LockSummaries {
        LockSummaries {
            wait: self.wait.summary(),
            hold: self.hold.summary(),
            message_hold: self.message_hold.summary(),
        }
    }
}

impl<T> TimedMutex<T> {
    /// Locks it, and measures how long that took and, when the guard is dropped, how long it
    /// was held.
    pub(crate) fn lock(&self) -> TimedGuard<'_, T> {
        self.lock_timed(false)
    }

    /// As [`lock`](Self::lock), to broadcast a message: what that holds is also measured apart
    /// from what clients hold that come and leave.
    pub(crate) fn lock_for_message(&self) -> TimedGuard<'_, T> {
        self.lock_timed(true)
    }

    fn lock_timed(&self, is_for_message: bool) -> TimedGuard<'_, T> {
        let requested_ns = monotonic_ns();
        let value = lock(&self.value);
        let locked_ns = monotonic_ns();
        TimedGuard { requested_ns, locked_ns, is_for_message, times: &self.times, value }
    }

    /// Adds wait and hold of every lock so far.
    pub(crate) fn add_times_to(&self, sum: &mut LockTimes) {
        let times = lock(&self.times);
        sum.wait.add(&times.wait);
        sum.hold.add(&times.hold);
        sum.message_hold.add(&times.message_hold);
    }
}

/// The locked value.
pub(crate) struct TimedGuard<'a, T> {
    requested_ns: u64,
    locked_ns: u64,
    is_for_message: bool,
    times: &'a Mutex<LockTimes>,
    // Unlocked after `drop` has run, which records this critical section.
    value: MutexGuard<'a, T>,
}

impl<T> Drop for TimedGuard<'_, T> {
    fn drop(&mut self) {
        let held_ns = monotonic_ns() - self.locked_ns;
        let mut times = lock(self.times);
        times.wait.record(self.locked_ns - self.requested_ns);
        times.hold.record(held_ns);
        if self.is_for_message {
            times.message_hold.record(held_ns);
        }
    }
}

impl<T> Deref for TimedGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for TimedGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;
    use std::time::{Duration, Instant};

    use linux_net::testing::{Thread, wait_until};

    use super::*;

    #[test]
    fn waits_and_holds_are_measured_separately() {
        const HELD_FOR: Duration = Duration::from_millis(30);
        let mutex = TimedMutex::<()>::default();
        let times = || {
            let mut times = LockTimes::default();
            mutex.add_times_to(&mut times);
            let LockSummaries { wait, hold, .. } = times.summaries();
            (wait, hold)
        };
        let lock_timed = || {
            let start = Instant::now();
            (mutex.lock(), start.elapsed())
        };
        let (sends_thread, waiting_thread) = mpsc::channel();
        let (waited, held) = thread::scope(|scope| {
            let (guard, first_wait) = lock_timed();
            let waiter = scope.spawn(move || {
                sends_thread.send(Thread::current()).expect("it is received");
                lock_timed().1
            });
            let waiting = waiting_thread.recv().expect("the waiter starts");
            wait_until("the waiter waits for the lock", || waiting.is_waiting_for_lock());
            let waiting_since = Instant::now();
            // Waits for nothing: it is the time that is measured, at least.
            thread::sleep(HELD_FOR);
            let (wait, _) = times();
            assert_eq!(wait.count, 0, "a report does not wait for the holder");
            let held = waiting_since.elapsed();
            drop(guard);
            (first_wait.max(waiter.join().expect("the waiter gets the lock")), held)
        });
        let (wait, hold) = times();
        assert_eq!((wait.count, hold.count), (2, 2));
        assert!(held >= HELD_FOR);
        for times in [&hold, &wait] {
            assert!(times.max_ns >= held.as_nanos() as u64, "{times:?}, held for {held:?}");
        }
        // A wait includes nothing of a hold. A histogram of three digits rounds up by
        // at most a thousandth.
        let most = waited + waited / 1000;
        assert!(wait.max_ns <= most.as_nanos() as u64, "{wait:?} in {waited:?}");
    }

    #[test]
    fn holds_for_a_message_are_also_measured_apart() {
        let mutex = TimedMutex::<()>::default();
        drop(mutex.lock());
        drop(mutex.lock_for_message());
        drop(mutex.lock());
        let mut times = LockTimes::default();
        mutex.add_times_to(&mut times);
        mutex.add_times_to(&mut times);
        let LockSummaries { wait, hold, message_hold } = times.summaries();
        assert_eq!((wait.count, hold.count, message_hold.count), (6, 6, 2));
        assert!(message_hold.max_ns <= hold.max_ns, "{message_hold:?}, {hold:?}");
    }
}
