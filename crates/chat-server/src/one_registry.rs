//! One registry under one lock: what the two designs of the original have in common.

use std::io;
use std::sync::Arc;

use crate::client::{Client, ClientId};
use crate::registry::Registry;
use crate::thread_per_client::{Broadcaster, Hub};
use crate::timed_mutex::LockSummaries;

/// Creates the broadcaster of one client's thread.
type NewBroadcaster = fn(&Registry) -> Box<dyn Broadcaster + '_>;

/// One registry, and how its design broadcasts to it.
#[derive(Debug)]
pub(crate) struct OneRegistry {
    registry: Registry,
    new_broadcaster: NewBroadcaster,
}

impl OneRegistry {
    pub(crate) fn new(new_broadcaster: NewBroadcaster) -> Self {
        Self { registry: Registry::default(), new_broadcaster }
    }
}

impl Hub for OneRegistry {
    fn add(&self, client: &Arc<Client>) -> io::Result<()> {
        self.registry.add(Arc::clone(client));
        Ok(())
    }

    fn remove(&self, id: ClientId) {
        self.registry.remove(id);
    }

    fn broadcaster(&self) -> Box<dyn Broadcaster + '_> {
        (self.new_broadcaster)(&self.registry)
    }

    fn lock_times(&self) -> LockSummaries {
        self.registry.lock_times()
    }
}
