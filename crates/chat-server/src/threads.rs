//! The clients' threads: started, counted, bounded, and every one joined.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use linux_net::PlainThread;

use crate::capacity::leaving;
use crate::client::{Client, ClientId};
use crate::lock::lock;

/// The clients' threads. Separate from the registry, so that stopping and reporting never
/// wait for a broadcast.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    table: Mutex<Table>,
    all_left: Condvar,
    /// A thread has been joined.
    joined: Condvar,
    /// Clients at once, at most.
    max_clients: u64,
}

#[derive(Debug, Default)]
struct Table {
    live: HashMap<ClientId, (Arc<Client>, PlainThread)>,
    /// Places for clients whose threads have not started.
    reserved: u64,
    /// Threads that have left and were not joined: they still have their mappings.
    leaving: u64,
    /// The last thread that left: it has joined the one before, and so on, so joining
    /// this one is enough.
    last_left: Option<PlainThread>,
    most: u64,
}

impl Table {
    fn clients(&self) -> u64 {
        self.live.len() as u64 + self.reserved
    }
}

impl Threads {
    pub(crate) fn new(max_clients: u64) -> Self {
        Self { max_clients, ..Self::default() }
    }

    /// Reserves a place for a client; `None` if as many as allowed are served. Waits until not
    /// too many threads of earlier clients still exist: they end without waiting for anyone.
    pub(crate) fn reserve(self: &Arc<Self>) -> Option<Place> {
        let most = self.max_clients.saturating_add(leaving(self.max_clients));
        let is_crowded = |table: &mut Table| {
            table.clients() < self.max_clients && table.clients() + table.leaving >= most
        };
        let mut table = self
            .joined
            .wait_while(lock(&self.table), is_crowded)
            .unwrap_or_else(PoisonError::into_inner);
        if table.clients() >= self.max_clients {
            return None;
        }
        table.reserved += 1;
        Some(Place { threads: Some(Arc::clone(self)) })
    }

    pub(crate) fn live(&self) -> u64 {
        lock(&self.table).live.len() as u64
    }

    pub(crate) fn most(&self) -> u64 {
        lock(&self.table).most
    }

    /// Shuts down the connection of every client at once.
    pub(crate) fn abort_all(&self) {
        lock(&self.table).live.values().for_each(|(client, _)| client.abort());
    }

    /// Waits for every thread to end, and joins them.
    pub(crate) fn join_all(&self) {
        let mut table = self
            .all_left
            .wait_while(lock(&self.table), |table| !table.live.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let last = table.last_left.take();
        drop(table);
        self.join(last);
    }

    fn leave(&self, id: ClientId) {
        let mut table = lock(&self.table);
        let Some((client, own)) = table.live.remove(&id) else {
            return;
        };
        table.leaving += 1;
        let before = table.last_left.replace(own);
        if table.live.is_empty() {
            self.all_left.notify_all();
        }
        drop(table);
        // This may close the socket, so it must not happen under the lock.
        drop(client);
        self.join(before);
    }

    fn join(&self, thread: Option<PlainThread>) {
        if let Some(thread) = thread {
            thread.join();
            lock(&self.table).leaving -= 1;
            self.joined.notify_all();
        }
    }
}

/// A place for one client, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    /// `None` once the client has it.
    threads: Option<Arc<Threads>>,
}

impl Place {
    /// Runs `life` in a thread of `client`, which has the place from now on.
    ///
    /// # Errors
    /// Those of pthread_create(3): EAGAIN without memory or at a limit.
    pub(crate) fn start(
        mut self,
        client: Arc<Client>,
        stack_size: usize,
        life: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let threads = self.threads.take().expect("it is started once");
        let (own, id) = (Arc::clone(&threads), client.id());
        // Locked during the start, so that a thread that ends at once finds its own
        // handle.
        let mut table = lock(&threads.table);
        table.reserved -= 1;
        let thread = PlainThread::spawn(stack_size, move || {
            let _leave = Leave { threads: own, id };
            // Only for those who look at the threads.
            let _ = nix::sys::prctl::set_name(c"client");
            life();
        })?;
        table.live.insert(id, (client, thread));
        table.most = table.most.max(table.live.len() as u64);
        Ok(())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(threads) = &self.threads {
            lock(&threads.table).reserved -= 1;
        }
    }
}

/// Leaves when dropped, also after a panic.
struct Leave {
    threads: Arc<Threads>,
    id: ClientId,
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.threads.leave(self.id);
    }
}
