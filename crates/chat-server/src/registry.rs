//! The registry of clients.

use std::sync::Arc;

use worker::metrics::DurationSummary;

use crate::client::{Client, ClientId};
use crate::timed_mutex::{LockTimes, TimedGuard, TimedMutex};

/// Every client that messages go to, in the order they were accepted.
#[derive(Debug, Default)]
pub(crate) struct Registry(TimedMutex<Vec<Arc<Client>>>);

impl Registry {
    pub(crate) fn lock(&self) -> TimedGuard<'_, Vec<Arc<Client>>> {
        self.0.lock()
    }

    pub(crate) fn add(&self, client: Arc<Client>) {
        self.lock().push(client);
    }

    pub(crate) fn remove(&self, id: ClientId) {
        self.lock().retain(|client| client.id() != id);
    }

    /// Wait and hold of every lock so far.
    pub(crate) fn lock_times(&self) -> (DurationSummary, DurationSummary) {
        let mut times = LockTimes::default();
        self.add_times_to(&mut times);
        times.summaries()
    }

    /// As [`lock_times`](Self::lock_times), for a sum of several registries.
    pub(crate) fn add_times_to(&self, sum: &mut LockTimes) {
        self.0.add_times_to(sum);
    }
}
