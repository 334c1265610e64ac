//! Serves each client in a thread of its own: its thread reads from it, and broadcasts what it
//! reads. How the registry is locked and the messages are written is the design's.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

use socket2::Socket;
use worker::metrics::ClosedBecause;

use crate::client::{Client, ClientId, Message};
use crate::client_thread::ClientThread;
use crate::context::Context;
use crate::counters::Counters;
use crate::design::Serve;
use crate::threads::Threads;
use crate::timed_mutex::LockSummaries;

/// The registry of a design with a thread for each client.
pub(crate) trait Hub: Debug + Send + Sync {
    /// Registers a client: from now on it gets messages.
    ///
    /// # Errors
    /// If a thread of the design cannot start.
    fn add(&self, client: &Arc<Client>) -> io::Result<()>;

    /// Removes a client, if it is registered: when this returns, the design has written to it
    /// all that it will.
    fn remove(&self, id: ClientId);

    /// The broadcaster of one client's thread.
    fn broadcaster(&self) -> Box<dyn Broadcaster + '_>;

    /// Wait and hold of every lock so far.
    fn lock_times(&self) -> LockSummaries;
}

/// Delivers the messages of one client's thread; it reuses its buffers.
pub(crate) trait Broadcaster {
    /// Delivers `message` to every registered client.
    fn broadcast(&mut self, message: &Message<'_>);
}

/// A thread for each client.
#[derive(Debug)]
pub(crate) struct ThreadPerClient {
    context: Arc<Context>,
    hub: Arc<dyn Hub>,
    threads: Arc<Threads>,
}

impl ThreadPerClient {
    pub(crate) fn serve(context: &Arc<Context>, hub: impl Hub + 'static) -> Box<dyn Serve> {
        let threads = Arc::new(Threads::new(context.client_limit.clients));
        Box::new(Self { context: Arc::clone(context), hub: Arc::new(hub), threads })
    }
}

impl Serve for ThreadPerClient {
    fn admit(&self, id: ClientId, socket: Socket) -> io::Result<()> {
        let Self { context, hub, threads } = self;
        let Context { settings, counters, .. } = &**context;
        // Before the registry is locked: a broadcast may hold it.
        let Some(place) = threads.reserve() else {
            counters.closed.add(ClosedBecause::MaxClients);
            Counters::add(&counters.registered, 1);
            return Ok(());
        };
        let client = Arc::new(Client::new(id, socket, settings));
        let added = hub.add(&client);
        Counters::add(&counters.registered, 1);
        let life = ClientThread {
            context: Arc::clone(context),
            hub: Arc::clone(hub),
            client: Arc::clone(&client),
        };
        let stack_size = usize::try_from(settings.thread_stack).unwrap_or(usize::MAX);
        added
            .and_then(|()| place.start(Arc::clone(&client), stack_size, move || life.run()))
            .inspect_err(|_| {
                client.close(ClosedBecause::NoThread, counters);
                hub.remove(id);
            })
    }

    fn abort_all(&self) {
        self.threads.abort_all();
    }

    fn join_all(&self) {
        self.threads.join_all();
    }

    fn live(&self) -> u64 {
        self.threads.live()
    }

    fn most(&self) -> u64 {
        self.threads.most()
    }

    fn lock_times(&self) -> LockSummaries {
        self.hub.lock_times()
    }
}
