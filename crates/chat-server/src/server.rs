//! A server as a library: bound, running, stopped.

use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use chat_protocol::Codec;

use crate::accept::accept_loop;
use crate::check::check_settings;
use crate::control::{AcceptedConnection, ServerReport, ServerStatus};
use crate::counters::Counters;
use crate::error::ServerError;
use crate::gate::Gate;
use crate::listener;
use crate::registry::Registry;
use crate::settings::ServerSettings;
use crate::shared::{Ledger, Shared};
use crate::threads::Threads;

/// A server whose sockets listen: the kernel already queues connections, and
/// nobody accepts them yet.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Shared,
}

impl Server {
    /// Binds and listens, with exactly the backlog asked for: negative too,
    /// which `__sys_listen_socket` takes for somaxconn. With several listeners
    /// a server of the same user that has several too can share their port.
    ///
    /// [`Sigpipe::Default`](crate::settings::Sigpipe::Default) makes writes raise the
    /// signal; its disposition belongs to the process, and
    /// [`run_worker`](crate::worker::run_worker) sets it.
    ///
    /// # Errors
    /// Settings that cannot be ([`check_settings`]), and what socket(2),
    /// setsockopt(2), bind(2) or listen(2) say.
    pub fn bind(settings: &ServerSettings) -> Result<Server, ServerError> {
        let codec = Codec::new(settings.framing, settings.largest_body)?;
        let problems = check_settings(settings);
        if !problems.is_empty() {
            return Err(ServerError::Settings { problems });
        }
        let (address, listeners) = listener::listen(settings)?;
        let shared = Shared {
            codec,
            listeners,
            holding: Mutex::new(settings.hold_acks),
            announce: None,
            gate: Gate::new(settings.accept_paused),
            registry: Registry::default(),
            threads: Arc::new(Threads::default()),
            counters: Counters::default(),
            ledger: Mutex::new(Ledger::default()),
            stopping: AtomicBool::new(false),
            settings: settings.clone(),
        };
        Ok(Server { address, shared })
    }

    /// Tells `announce` of each connection as accept(2) returns it, from the
    /// thread of its accept loop.
    pub fn announce_accepts(&mut self, announce: fn(AcceptedConnection)) {
        self.shared.announce = Some(announce);
    }

    /// The address bound, its port resolved.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Starts the accept loops, one for each listener.
    ///
    /// # Errors
    /// A thread of theirs cannot be started; then none runs.
    pub fn start(self) -> Result<RunningServer, ServerError> {
        let count = self.shared.listeners.len();
        let handle = ServerHandle { shared: Arc::new(self.shared) };
        let mut running = RunningServer { handle, accept_loops: Vec::with_capacity(count) };
        for index in 0..count {
            let shared = Arc::clone(&running.handle.shared);
            let spawned = thread::Builder::new()
                .name("accept".to_owned())
                .spawn(move || accept_loop(&shared, index));
            match spawned {
                Ok(accept_loop) => running.accept_loops.push(accept_loop),
                Err(source) => {
                    running.handle.stop();
                    running.join();
                    return Err(ServerError::Start(source));
                }
            }
        }
        Ok(running)
    }
}

/// A server that runs, until its handle is told to stop.
#[derive(Debug)]
pub struct RunningServer {
    handle: ServerHandle,
    accept_loops: Vec<JoinHandle<()>>,
}

impl RunningServer {
    /// What the server is asked and told through.
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Waits for the end, which [`ServerHandle::stop`] brings, with every
    /// thread joined; the final figures.
    pub fn join(self) -> ServerReport {
        let shared = &self.handle.shared;
        for accept_loop in self.accept_loops {
            // An error is its panic, which has already been printed; the
            // clients' threads must end all the same.
            let _ = accept_loop.join();
        }
        // Again, for a client that was being admitted during the first time.
        shared.stop();
        shared.threads.join_all();
        shared.report()
    }
}

/// Asks and tells a running server; cheap to clone. No call waits for a
/// broadcast, however stuck.
#[derive(Debug, Clone)]
pub struct ServerHandle {
    shared: Arc<Shared>,
}

impl ServerHandle {
    /// Begins to accept, where `accept_paused` was set.
    pub fn resume(&self) {
        self.shared.gate.resume();
    }

    /// Lets in the ACKs that `hold_acks` has held, with `release_backlog` in
    /// force where there is one. Nothing to do where it was done before.
    ///
    /// # Errors
    /// Nothing was to be held, the server has been stopped, or what listen(2)
    /// or setsockopt(2) say.
    pub fn let_in(&self) -> Result<(), ServerError> {
        self.shared.let_in()
    }

    /// Totals so far.
    pub fn status(&self) -> ServerStatus {
        self.shared.status()
    }

    /// The figures so far.
    pub fn report(&self) -> ServerReport {
        self.shared.report()
    }

    /// Ends the server: no more accepts, every connection shut down.
    /// [`RunningServer::join`] waits for it.
    pub fn stop(&self) {
        self.shared.stop();
    }
}
