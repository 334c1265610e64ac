//! What all threads of a server have in common.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use chat_protocol::Codec;
use nix::errno::Errno;
use socket2::Socket;

use crate::control::{AcceptedConnection, ServerEvent, ServerReport};
use crate::counters::Counters;
use crate::gate::Gate;
use crate::lock;
use crate::registry::Registry;
use crate::settings::ServerSettings;
use crate::threads::Threads;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: ServerSettings,
    pub(crate) codec: Codec,
    pub(crate) listener: Socket,
    /// Is told of each connection as it is accepted.
    pub(crate) announce: Option<fn(AcceptedConnection)>,
    pub(crate) gate: Gate,
    pub(crate) registry: Registry,
    pub(crate) threads: Arc<Threads>,
    pub(crate) counters: Counters,
    pub(crate) ledger: Mutex<Ledger>,
    pub(crate) stopping: AtomicBool,
}

/// What accept(2) returned.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) accepted: Vec<AcceptedConnection>,
    errors: BTreeMap<String, u64>,
}

impl Ledger {
    pub(crate) fn add_error(&mut self, errno: Errno) {
        *self.errors.entry(format!("{errno:?}")).or_default() += 1;
    }
}

impl Shared {
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Relaxed)
    }

    /// Lets every thread end; waits for none.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Relaxed);
        self.gate.stop();
        // On a listening socket this is Linux's way to end a blocked
        // accept(2), with EINVAL (inet_shutdown, inet_csk_accept).
        let _ = self.listener.shutdown(std::net::Shutdown::Both);
        self.threads.abort_all();
    }

    pub(crate) fn status(&self) -> ServerEvent {
        ServerEvent::Status {
            accepted: self.counters.registered.load(Relaxed),
            threads: self.threads.live(),
            messages_ingested: self.counters.messages_ingested.load(Relaxed),
            deliveries: self.counters.deliveries.load(Relaxed),
        }
    }

    pub(crate) fn report(&self) -> ServerReport {
        let (lock_wait, lock_hold) = self.registry.lock_times();
        let (accepted, accept_errors) = {
            let ledger = lock(&self.ledger);
            (ledger.accepted.clone(), ledger.errors.clone())
        };
        ServerReport {
            accepted,
            accept_errors,
            messages_ingested: self.counters.messages_ingested.load(Relaxed),
            deliveries: self.counters.deliveries.load(Relaxed),
            bytes_in: self.counters.bytes_in.load(Relaxed),
            bytes_out: self.counters.bytes_out.load(Relaxed),
            failed_writes: self.counters.failed_writes.load(Relaxed),
            protocol_errors: self.counters.protocol_errors.load(Relaxed),
            ingest_window_ns: self.counters.ingest_window_ns(),
            most_threads: self.threads.most(),
            lock_wait,
            lock_hold,
            resources: linux_net::ResourceUsage::of_this_process(),
        }
    }
}
