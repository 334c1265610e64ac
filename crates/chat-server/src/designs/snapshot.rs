//! The original's second design: the registry is copied under the mutex, and the writes
//! follow without it, so a client that does not read blocks only the threads that write
//! to it.

use std::sync::Arc;

use crate::client::{Client, Message};
use crate::design::{Design, every_machine};
use crate::one_registry::OneRegistry;
use crate::registry::Registry;
use crate::thread_per_client::{Broadcaster, ThreadPerClient};

pub(super) const DESIGN: Design = Design {
    name: "snapshot",
    summary: "the registry is copied under its lock, and the writes follow outside it",
    removes: "No thread holds the lock during a write: threads write at the same time, and clients \
              are accepted and leave meanwhile.",
    costs: "The list of clients is copied for each message, under the lock.",
    queues: false,
    threads_per_client: 1,
    shared_threads: || 0,
    check_machine: every_machine,
    start: |context| {
        Ok(ThreadPerClient::serve(
            context,
            OneRegistry::new(|registry| Box::new(Snapshot { registry, clients: Vec::new() })),
        ))
    },
};

struct Snapshot<'a> {
    registry: &'a Registry,
    /// Empty between broadcasts: only its capacity is reused, and a client that has left
    /// is not kept open.
    clients: Vec<Arc<Client>>,
}

impl Broadcaster for Snapshot<'_> {
    fn broadcast(&mut self, message: &Message<'_>) {
        self.clients.extend_from_slice(&self.registry.lock_for_message());
        for client in self.clients.drain(..) {
            message.deliver(&client);
        }
    }
}
