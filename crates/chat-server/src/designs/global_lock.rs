//! The original's baseline: the registry's mutex is held during the whole broadcast,
//! network writes included, so one client that does not read blocks every other, and the
//! accept loop.

use std::io;
use std::sync::Arc;

use worker::metrics::DurationSummary;

use crate::client::{Client, ClientId, Message};
use crate::design::Design;
use crate::registry::Registry;
use crate::thread_per_client::{Broadcaster, Hub, ThreadPerClient};

pub(super) const DESIGN: Design = Design {
    name: "global-lock",
    summary: "the registry stays locked over the whole broadcast, network writes included",
    removes: "Nothing: it is the original's design.",
    costs: "Only one thread writes at a time, and a client that does not read stops all others and \
            the accept loop.",
    queues: false,
    threads_per_client: 1,
    shared_threads: || 0,
    start: |context| Ok(ThreadPerClient::serve(context, GlobalLock::default())),
};

#[derive(Debug, Default)]
struct GlobalLock {
    registry: Registry,
}

impl Hub for GlobalLock {
    fn add(&self, client: &Arc<Client>) -> io::Result<()> {
        self.registry.add(Arc::clone(client));
        Ok(())
    }

    fn remove(&self, id: ClientId) {
        self.registry.remove(id);
    }

    fn broadcaster(&self) -> Box<dyn Broadcaster + '_> {
        Box::new(Locked(&self.registry))
    }

    fn lock_times(&self) -> (DurationSummary, DurationSummary) {
        self.registry.lock_times()
    }
}

struct Locked<'a>(&'a Registry);

impl Broadcaster for Locked<'_> {
    fn broadcast(&mut self, message: &Message<'_>) {
        for client in self.0.lock().iter() {
            message.deliver(client);
        }
    }
}
