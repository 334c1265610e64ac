//! The registry of clients.

use std::sync::Arc;

use crate::client::{Client, ClientId};
use crate::timed_mutex::{LockSummaries, LockTimes, TimedGuard, TimedMutex};

/// Every client that messages go to, in the order they were accepted.
#[derive(Debug, Default)]
pub(crate) struct Registry(TimedMutex<Vec<Arc<Client>>>);

impl Registry {
    /// Locks it to broadcast a message.
    pub(crate) fn lock_for_message(&self) -> TimedGuard<'_, Vec<Arc<Client>>> {
        self.0.lock_for_message()
    }

    fn lock(&self) -> TimedGuard<'_, Vec<Arc<Client>>> {
        self.0.lock()
    }

    pub(crate) fn add(&self, client: Arc<Client>) {
        self.lock().push(client);
    }

    pub(crate) fn remove(&self, id: ClientId) {
        self.lock().retain(|client| client.id() != id);
    }

    /// Wait and hold of every lock so far.
    pub(crate) fn lock_times(&self) -> LockSummaries {
        let mut times = LockTimes::default();
        self.add_times_to(&mut times);
        times.summaries()
    }

    /// As [`lock_times`](Self::lock_times), for a sum of several registries.
    pub(crate) fn add_times_to(&self, sum: &mut LockTimes) {
        self.0.add_times_to(sum);
    }
}
