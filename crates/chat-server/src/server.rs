//! A server as a library: bound, running, stopped.

use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use chat_protocol::Codec;
use socket2::{Domain, Protocol, Socket, Type};

use crate::accept::accept_loop;
use crate::control::{AcceptedConnection, ServerEvent, ServerReport};
use crate::counters::Counters;
use crate::error::ServerError;
use crate::gate::Gate;
use crate::registry::Registry;
use crate::settings::ServerSettings;
use crate::shared::{Ledger, Shared};
use crate::threads::Threads;

/// PTHREAD_STACK_MIN.
const LEAST_STACK: u64 = 16 * 1024;

/// A server whose socket listens: the kernel already queues connections, and
/// nobody accepts them yet.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Shared,
}

impl Server {
    /// Binds and listens, with exactly the backlog asked for: negative too,
    /// which `__sys_listen_socket` takes for somaxconn.
    ///
    /// [`Sigpipe::Default`](crate::Sigpipe::Default) makes writes raise the
    /// signal; its disposition belongs to the process, and
    /// [`serve_part`](crate::serve_part) sets it.
    ///
    /// # Errors
    /// Settings that cannot be, and what socket(2), bind(2) or listen(2) say.
    pub fn bind(settings: &ServerSettings) -> Result<Server, ServerError> {
        let codec = Codec::new(settings.framing, settings.largest_body)?;
        if settings.thread_stack < LEAST_STACK {
            return Err(ServerError::ThreadStack { asked: settings.thread_stack });
        }
        let address = SocketAddr::new(settings.address, settings.port);
        let listener = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))
            .and_then(|socket| {
                socket.set_reuse_address(settings.reuse_address)?;
                Ok(socket)
            })
            .map_err(ServerError::Socket)?;
        listener.bind(&address.into()).map_err(|source| ServerError::Bind { address, source })?;
        let address = listener
            .local_addr()
            .map_err(ServerError::Socket)?
            .as_socket()
            .expect("a TCP socket has an IP address");
        listener
            .listen(settings.backlog)
            .map_err(|source| ServerError::Listen { address, source })?;
        let shared = Shared {
            codec,
            listener,
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
    /// accept loop's thread.
    pub fn announce_accepts(&mut self, announce: fn(AcceptedConnection)) {
        self.shared.announce = Some(announce);
    }

    /// The address bound, its port resolved.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// Starts the accept loop.
    ///
    /// # Errors
    /// Its thread cannot be started.
    pub fn start(self) -> Result<RunningServer, ServerError> {
        let handle = ServerHandle { shared: Arc::new(self.shared) };
        let shared = Arc::clone(&handle.shared);
        let accept_loop = thread::Builder::new()
            .name("accept".to_owned())
            .spawn(move || accept_loop(&shared))
            .map_err(ServerError::Start)?;
        Ok(RunningServer { handle, accept_loop })
    }
}

/// A server that runs, until its handle is told to stop.
#[derive(Debug)]
pub struct RunningServer {
    handle: ServerHandle,
    accept_loop: JoinHandle<()>,
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
        // An error is its panic, which has already been printed; the clients'
        // threads must end all the same.
        let _ = self.accept_loop.join();
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

    /// A [`ServerEvent::Status`].
    pub fn status(&self) -> ServerEvent {
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
