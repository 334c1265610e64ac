//! A server as a library: bound, running, stopped.

use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use chat_protocol::Codec;
use linux_net::ProcessLimits;
use worker::metrics::ClientLimit;

use crate::accept::accept_loop;
use crate::capacity::Capacity;
use crate::chat_cpu::ChatCpu;
use crate::check::check_settings;
use crate::context::Context;
use crate::control::{AcceptedConnection, ClientFailures, ServerReport, ServerStatus};
use crate::counters::Counters;
use crate::error::ServerError;
use crate::frame_memory::FrameMemory;
use crate::gate::Gate;
use crate::listener;
use crate::settings::ServerSettings;
use crate::shared::{AcceptLog, Shared};

/// A server whose sockets listen: the kernel already queues connections, but they
/// are not accepted yet.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    shared: Shared,
}

impl Server {
    /// Binds and listens, with exactly the configured backlog, also a negative one, which
    /// `__sys_listen_socket` replaces with somaxconn. A server with several listeners can
    /// share their port with another such server of the same user.
    ///
    /// [`Sigpipe::Default`](crate::settings::Sigpipe::Default) makes writes raise the
    /// signal; its disposition belongs to the process, and
    /// [`run_worker`](crate::worker::run_worker) sets it.
    ///
    /// # Errors
    /// If the settings are invalid ([`check_settings`]), if socket(2), setsockopt(2), bind(2)
    /// or listen(2) fail, or if the limits of this process leave no room for a client.
    pub fn bind(settings: &ServerSettings) -> Result<Server, ServerError> {
        let codec = Codec::new(settings.framing, settings.largest_body)?;
        let problems = check_settings(settings);
        if !problems.is_empty() {
            return Err(ServerError::Settings { problems });
        }
        let (address, listeners) = listener::listen(settings)?;
        let limits = ProcessLimits::read();
        let Capacity { limit, frame_memory, records } = Capacity::new(settings, &codec, &limits);
        if limit.clients == 0 {
            return Err(ServerError::NoRoom { limit: limit.limit });
        }
        let context = Arc::new(Context {
            settings: settings.clone(),
            codec,
            client_limit: limit,
            frame_memory: FrameMemory::new(frame_memory),
            counters: Counters::default(),
            chat_cpu: ChatCpu::default(),
            stopping: AtomicBool::new(false),
        });
        let clients = (settings.design.design().start)(&context)?;
        let shared = Shared {
            context,
            listeners,
            holding: Mutex::new(settings.hold_acks),
            announce: None,
            gate: Gate::new(settings.accept_paused),
            clients,
            accept_log: Mutex::new(AcceptLog::new(records)),
            reads_depths: AtomicBool::new(false),
        };
        Ok(Server { address, shared })
    }

    /// Calls `announce` with each connection that accept(2) returns, on the thread of
    /// its accept loop.
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
    /// If a thread cannot be started; then no accept loop runs.
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

/// A running server; its handle stops it.
#[derive(Debug)]
pub struct RunningServer {
    handle: ServerHandle,
    accept_loops: Vec<JoinHandle<()>>,
}

impl RunningServer {
    /// A handle of the server.
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Waits until the server has stopped ([`ServerHandle::stop`]) and every thread
    /// has been joined; returns the final report.
    pub fn join(self) -> ServerReport {
        let shared = &self.handle.shared;
        for accept_loop in self.accept_loops {
            // An error is a panic, which has already been printed; the clients'
            // threads must end nevertheless.
            let _ = accept_loop.join();
        }
        // Again, for a client that was being admitted during the first call.
        shared.stop();
        shared.clients.join_all();
        shared.report()
    }
}

/// Controls a running server; cheap to clone. No call waits for a broadcast, even
/// if it is blocked.
#[derive(Debug, Clone)]
pub struct ServerHandle {
    shared: Arc<Shared>,
}

impl ServerHandle {
    /// Starts to accept if `accept_paused` is set.
    pub fn resume(&self) {
        self.shared.gate.resume();
    }

    /// Lets in the ACKs that `hold_acks` holds back, with `release_backlog` in force
    /// if it is set. Does nothing the second time.
    ///
    /// # Errors
    /// If `hold_acks` is not set, the server has been stopped, or listen(2) or
    /// setsockopt(2) fail.
    pub fn let_in(&self) -> Result<(), ServerError> {
        self.shared.let_in()
    }

    /// Reads the depth of the accept queue after each accept(2) from now on
    /// ([`ServerReport::depths`]).
    pub fn read_depths(&self) {
        self.shared.reads_depths.store(true, Relaxed);
    }

    /// Totals so far.
    pub fn status(&self) -> ServerStatus {
        self.shared.status()
    }

    /// The clients that it serves at once, at most.
    pub fn client_limit(&self) -> &ClientLimit {
        &self.shared.context.client_limit
    }

    /// The clients that could not be accepted or served so far, or were given up.
    pub fn client_failures(&self) -> ClientFailures {
        self.shared.client_failures()
    }

    /// The report so far.
    pub fn report(&self) -> ServerReport {
        self.shared.report()
    }

    /// Ends the server: no more accepts, every connection shut down.
    /// [`RunningServer::join`] waits for it.
    pub fn stop(&self) {
        self.shared.stop();
    }
}
