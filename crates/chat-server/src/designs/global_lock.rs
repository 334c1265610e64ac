//! The original's baseline: the registry's mutex is held during the whole broadcast,
//! network writes included, so one client that does not read blocks every other, and the
//! accept loop.

use crate::client::Message;
use crate::design::{Broadcaster, Design};
use crate::registry::Registry;

pub(super) const DESIGN: Design = Design {
    name: "global-lock",
    summary: "the registry stays locked over the whole broadcast, network writes included",
    broadcaster: || Box::new(GlobalLock),
};

struct GlobalLock;

impl Broadcaster for GlobalLock {
    fn broadcast(&mut self, message: &Message<'_>, registry: &Registry) {
        for client in registry.lock().iter() {
            message.deliver(client);
        }
    }
}
