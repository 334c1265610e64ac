//! Serves all clients in a few threads: one for each CPU, each of which waits for many sockets
//! at once. How bytes move is up to its `transport`.
//!
//! A thread (`loop_thread`) has a share of the clients. In each of its rounds it reads what they
//! have sent (`intake`, a `batch` of frames), passes it on to the other threads (`inbox`),
//! appends it with what came from them to its `log`, and writes to each client everything from
//! its `cursor` on in one write. So the longer a round lasts, the more messages share a write.
//!
//! - `hub`: what the threads of a server share.
//! - `connection`: a client; `incoming` is what it has sent, `outgoing` what it is sent.
//! - `round`: what the clients of a thread share in a round.
//! - `transport`: how bytes move; `readiness` with epoll(7), `ring` with io_uring(7).

mod batch;
mod clients;
mod connection;
mod cursor;
mod hub;
mod inbox;
mod incoming;
mod intake;
mod log;
mod loop_thread;
mod outgoing;
mod readiness;
mod ring;
mod round;
mod transport;

use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use socket2::Socket;
use worker::metrics::ClosedBecause;

use self::hub::Hub;
use self::loop_thread::LoopThread;
pub(crate) use self::readiness::Readiness;
pub(crate) use self::ring::Ring;
use self::transport::Transport;
use crate::client::ClientId;
use crate::context::Context;
use crate::counters::Counters;
use crate::design::{Serve, Started};
use crate::error::ServerError;
use crate::lock::lock;
use crate::timed_mutex::LockSummaries;

/// The threads of a server: one for each CPU that this process may use.
pub(crate) fn threads() -> u64 {
    thread::available_parallelism().map_or(1, usize::from) as u64
}

/// The threads that serve the clients.
#[derive(Debug)]
pub(crate) struct EventLoop {
    context: Arc<Context>,
    hub: Arc<Hub>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl EventLoop {
    /// Starts a thread for each CPU that this process may use.
    ///
    /// # Errors
    /// If a thread cannot start, there is no descriptor left for it, or the kernel does not
    /// permit the transport.
    pub(crate) fn start<T: Transport>(context: &Arc<Context>) -> Started {
        let count = threads() as usize;
        let hub = Arc::new(Hub::new(count).map_err(ServerError::Start)?);
        let mut own = Self { context: Arc::clone(context), hub, threads: Mutex::default() };
        for index in 0..count {
            let life = LoopThread::<T>::new(index, &own.hub, context)?;
            let builder = thread::Builder::new().name("loop".to_owned());
            let thread = builder.spawn(move || life.run()).map_err(ServerError::Start)?;
            own.threads.get_mut().expect("it was never locked").push(thread);
        }
        Ok(Box::new(own))
    }
}

impl Serve for EventLoop {
    fn admit(&self, _: ClientId, socket: Socket) -> io::Result<()> {
        let counters = &self.context.counters;
        match self.hub.reserve(self.context.client_limit.clients) {
            true => self.hub.admit(socket),
            false => counters.closed.add(ClosedBecause::MaxClients),
        }
        Counters::add(&counters.registered, 1);
        Ok(())
    }

    fn abort_all(&self) {
        self.hub.abort();
    }

    fn join_all(&self) {
        self.hub.end();
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            // An error is a panic, which has already been printed.
            let _ = thread.join();
        }
    }

    fn live(&self) -> u64 {
        self.hub.live.load(Relaxed)
    }

    fn most(&self) -> u64 {
        self.hub.most.load(Relaxed)
    }

    fn lock_times(&self) -> LockSummaries {
        self.hub.lock_times()
    }
}

impl Drop for EventLoop {
    /// If the server was never started, or could not be.
    fn drop(&mut self) {
        self.abort_all();
        self.join_all();
    }
}
