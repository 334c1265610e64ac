//! The original's second design: the registry is copied under the mutex, and the writes
//! follow without it, so a client that does not read blocks only the threads that write
//! to it.

use std::sync::Arc;

use crate::client::{Client, Message};
use crate::design::{Broadcaster, Design};
use crate::registry::Registry;

pub(super) const DESIGN: Design = Design {
    name: "snapshot",
    summary: "the registry is copied under its lock, and the writes follow outside it",
    broadcaster: || Box::new(Snapshot { clients: Vec::new() }),
};

struct Snapshot {
    /// Empty between broadcasts: only its capacity is reused, and a client that has left
    /// is not kept open.
    clients: Vec<Arc<Client>>,
}

impl Broadcaster for Snapshot {
    fn broadcast(&mut self, message: &Message<'_>, registry: &Registry) {
        self.clients.extend_from_slice(&registry.lock());
        for client in self.clients.drain(..) {
            message.deliver(&client);
        }
    }
}
