//! The registry is in shards, each with its own lock, which is held during the writes to the
//! clients of that shard.

use std::array;
use std::io;
use std::sync::Arc;

use crate::client::{Client, ClientId, Message};
use crate::design::{Design, every_machine};
use crate::registry::Registry;
use crate::thread_per_client::{Broadcaster, Hub, ThreadPerClient};
use crate::timed_mutex::{LockSummaries, LockTimes};

pub(super) const DESIGN: Design = Design {
    name: "sharded",
    summary: "the registry is in 16 shards, each locked during the writes to its clients",
    removes: "The one lock, and the copy of the list: as many threads write at the same time as \
              there are shards, and while a client that does not read stops all senders, clients \
              of other shards leave.",
    costs: "Each message takes every lock once, a client that comes or leaves still waits for \
            the writes of its shard, and with one that comes the accept loop, and two clients can \
            get the messages of different senders in different orders.",
    queues: false,
    threads_per_client: 1,
    shared_threads: || 0,
    check_machine: every_machine,
    start: |context| {
        let shards = array::from_fn(|_| Registry::default());
        Ok(ThreadPerClient::serve(context, Sharded { shards }))
    },
};

/// The shards. Not the CPUs of the machine, so that the design is the same on all; enough that
/// threads rarely meet on usual ones, and few enough that their locks cost less than the writes.
const SHARDS: usize = 16;

#[derive(Debug)]
struct Sharded {
    shards: [Registry; SHARDS],
}

impl Sharded {
    fn shard(&self, id: ClientId) -> &Registry {
        &self.shards[id as usize % SHARDS]
    }
}

impl Hub for Sharded {
    fn add(&self, client: &Arc<Client>) -> io::Result<()> {
        self.shard(client.id()).add(Arc::clone(client));
        Ok(())
    }

    fn remove(&self, id: ClientId) {
        self.shard(id).remove(id);
    }

    fn broadcaster(&self) -> Box<dyn Broadcaster + '_> {
        Box::new(ShardByShard(self))
    }

    fn lock_times(&self) -> LockSummaries {
        let mut times = LockTimes::default();
        self.shards.iter().for_each(|shard| shard.add_times_to(&mut times));
        times.summaries()
    }
}

struct ShardByShard<'a>(&'a Sharded);

impl Broadcaster for ShardByShard<'_> {
    fn broadcast(&mut self, message: &Message<'_>) {
        // Each sender begins with its own shard, so that they do not follow each other through
        // all of them. Only one is locked at a time.
        let first = message.sender as usize;
        for shard in (0..SHARDS).map(|step| &self.0.shards[(first + step) % SHARDS]) {
            for client in shard.lock_for_message().iter() {
                message.deliver(client);
            }
        }
    }
}
