//! The original's baseline: the registry's mutex is held during the whole broadcast,
//! network writes included, so one client that does not read blocks every other, and the
//! accept loop.

use crate::client::Message;
use crate::design::{Design, every_machine};
use crate::one_registry::OneRegistry;
use crate::registry::Registry;
use crate::thread_per_client::{Broadcaster, ThreadPerClient};

pub(super) const DESIGN: Design = Design {
    name: "global-lock",
    summary: "the registry stays locked over the whole broadcast, network writes included",
    removes: "Nothing: it is the original's design.",
    costs: "Only one thread writes at a time, and a client that does not read stops all others and \
            the accept loop.",
    queues: false,
    threads_per_client: 1,
    shared_threads: || 0,
    check_machine: every_machine,
    start: |context| {
        Ok(ThreadPerClient::serve(
            context,
            OneRegistry::new(|registry| Box::new(GlobalLock(registry))),
        ))
    },
};

struct GlobalLock<'a>(&'a Registry);

impl Broadcaster for GlobalLock<'_> {
    fn broadcast(&mut self, message: &Message<'_>) {
        for client in self.0.lock_for_message().iter() {
            message.deliver(client);
        }
    }
}
