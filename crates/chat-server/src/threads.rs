//! The clients' threads: started, counted, and every one joined.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::client::{Client, ClientId};
use crate::lock::lock;

/// The clients' threads. Separate from the registry, so that stopping and reporting never
/// wait for a broadcast.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    table: Mutex<Table>,
    all_left: Condvar,
}

#[derive(Debug, Default)]
struct Table {
    live: HashMap<ClientId, (Arc<Client>, JoinHandle<()>)>,
    /// The last thread that left: it has joined the one before, and so on, so joining
    /// this one is enough.
    last_left: Option<JoinHandle<()>>,
    most: u64,
}

impl Threads {
    /// Runs `life` in a thread of `client`.
    ///
    /// # Errors
    /// Those of pthread_create(3): EAGAIN without memory or at a limit.
    pub(crate) fn spawn(
        self: &Arc<Self>,
        client: Arc<Client>,
        stack_size: usize,
        life: impl FnOnce() + Send + 'static,
    ) -> io::Result<()> {
        let id = client.id();
        let threads = Arc::clone(self);
        // Locked during the start, so that a thread that ends at once finds its own
        // handle.
        let mut table = lock(&self.table);
        let handle = thread::Builder::new()
            .name("client".to_owned())
            .stack_size(stack_size)
            .spawn(move || {
                let _leave = Leave { threads, id };
                life();
            })?;
        table.live.insert(id, (client, handle));
        table.most = table.most.max(table.live.len() as u64);
        Ok(())
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
        join(last);
    }

    fn leave(&self, id: ClientId) {
        let mut table = lock(&self.table);
        let Some((client, own)) = table.live.remove(&id) else {
            return;
        };
        let before = table.last_left.replace(own);
        if table.live.is_empty() {
            self.all_left.notify_all();
        }
        drop(table);
        // This may close the socket, so it must not happen under the lock.
        drop(client);
        join(before);
    }
}

fn join(handle: Option<JoinHandle<()>>) {
    if let Some(handle) = handle {
        // An error is its panic, which has already been printed.
        let _ = handle.join();
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
