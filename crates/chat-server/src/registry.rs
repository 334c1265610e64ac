//! The registry of clients, with a mutex whose waits and holds are measured.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard};

use linux_net::monotonic_ns;
use worker::metrics::DurationSummary;

use crate::client::{Client, ClientId};
use crate::durations::Durations;
use crate::lock::lock;

/// Every client that messages go to, in the order they were accepted.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    clients: Mutex<Vec<Arc<Client>>>,
    /// Only locked by the thread that has locked `clients`, so without contention, and by
    /// reports, which must not wait for a blocked broadcast.
    times: Mutex<LockTimes>,
}

#[derive(Debug, Default)]
struct LockTimes {
    wait: Durations,
    hold: Durations,
}

impl Registry {
    /// Locks the registry, and measures how long that took and, when the guard is
    /// dropped, how long it was held.
    pub(crate) fn lock(&self) -> RegistryGuard<'_> {
        let requested_ns = monotonic_ns();
        let clients = lock(&self.clients);
        RegistryGuard { requested_ns, locked_ns: monotonic_ns(), times: &self.times, clients }
    }

    pub(crate) fn add(&self, client: Arc<Client>) {
        self.lock().push(client);
    }

    pub(crate) fn remove(&self, id: ClientId) {
        self.lock().retain(|client| client.id() != id);
    }

    /// Wait and hold of every lock so far.
    pub(crate) fn lock_times(&self) -> (DurationSummary, DurationSummary) {
        let times = lock(&self.times);
        (times.wait.summary(), times.hold.summary())
    }
}

/// The locked registry.
pub(crate) struct RegistryGuard<'a> {
    requested_ns: u64,
    locked_ns: u64,
    times: &'a Mutex<LockTimes>,
    // Unlocked after `drop` has run, which records this critical section.
    clients: MutexGuard<'a, Vec<Arc<Client>>>,
}

impl Drop for RegistryGuard<'_> {
    fn drop(&mut self) {
        let held_ns = monotonic_ns() - self.locked_ns;
        let mut times = lock(self.times);
        times.wait.record(self.locked_ns - self.requested_ns);
        times.hold.record(held_ns);
    }
}

impl Deref for RegistryGuard<'_> {
    type Target = Vec<Arc<Client>>;

    fn deref(&self) -> &Self::Target {
        &self.clients
    }
}

impl DerefMut for RegistryGuard<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.clients
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
        let registry = Registry::default();
        let lock_timed = || {
            let start = Instant::now();
            (registry.lock(), start.elapsed())
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
            let (wait, _) = registry.lock_times();
            assert_eq!(wait.count, 0, "a report does not wait for the holder");
            let held = waiting_since.elapsed();
            drop(guard);
            (first_wait.max(waiter.join().expect("the waiter gets the lock")), held)
        });
        let (wait, hold) = registry.lock_times();
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
}
