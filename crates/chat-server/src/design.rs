//! A design: how a server serves its clients.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

use socket2::Socket;

use crate::client::ClientId;
use crate::context::Context;
use crate::error::ServerError;
use crate::timed_mutex::LockSummaries;

/// Open files of a thread of [`Design::shared_threads`].
pub(crate) const FILES_PER_SHARED_THREAD: u64 = 2;

/// A design of threads, locks and writes.
#[derive(Debug, Clone, Copy)]
pub struct Design {
    /// Its name in scenarios and flags.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// What it removes compared with the designs before it in the table, in a sentence.
    pub removes: &'static str,
    /// What that costs, in a sentence.
    pub costs: &'static str,
    /// Messages wait in queues of the clients: `client_queue` and `when_full` have an effect.
    pub queues: bool,
    /// Threads that serve one client, each with a stack of `thread_stack`: they limit how many
    /// clients fit. 0 if all clients share a few.
    pub threads_per_client: u32,
    /// Threads that serve all clients together, each with two open files, of a server in this
    /// process.
    pub shared_threads: fn() -> u64,
    /// Whether this machine permits it: the kernel, its sysctls, and the filters of this process.
    pub(crate) check_machine: fn() -> Result<(), ServerError>,
    /// Prepares to serve clients; none has come yet.
    pub(crate) start: fn(&Arc<Context>) -> Started,
}

impl Design {
    /// Checks whether this machine permits the design: the kernel, its sysctls, and the filters
    /// of this process.
    ///
    /// # Errors
    /// Those of the start of a server of this design.
    pub fn check_machine(&self) -> Result<(), ServerError> {
        (self.check_machine)()
    }
}

/// [`Design::check_machine`] of a design that needs nothing of the machine.
pub(crate) fn every_machine() -> Result<(), ServerError> {
    Ok(())
}

/// A design that is ready for clients.
pub(crate) type Started = Result<Box<dyn Serve>, ServerError>;

/// Serves clients, from accept(2) to close(2).
pub(crate) trait Serve: Debug + Send + Sync {
    /// Serves a client that an accept loop has accepted, which is then in
    /// [`Counters::registered`](crate::counters::Counters::registered). One that cannot be
    /// served is closed, and counted by cause. A message whose broadcast begins after this
    /// returns goes to the client too.
    ///
    /// # Errors
    /// If a thread cannot start.
    fn admit(&self, id: ClientId, socket: Socket) -> io::Result<()>;

    /// Shuts down the connection of every client; waits for nothing.
    fn abort_all(&self);

    /// Waits until every client has left, and joins all threads. No client is admitted during
    /// this or after it, and all have been aborted.
    fn join_all(&self);

    /// Clients that have not left.
    fn live(&self) -> u64;

    /// The most clients at the same time so far.
    fn most(&self) -> u64;

    /// Waits for the registry's lock, and holds of it, so far. Waits for no broadcast.
    fn lock_times(&self) -> LockSummaries;
}
