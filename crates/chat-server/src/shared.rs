//! The state that all threads of a server share.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use nix::errno::Errno;
use socket2::Socket;
use worker::metrics::{
    ClosedBecause, MAX_TIMELINE_ROWS, ResourceUsage, ServerMetrics, most_memory_bytes,
};

use crate::context::Context;
use crate::control::{
    AcceptedConnection, ClientFailures, DepthReading, ServerReport, ServerStatus,
};
use crate::design::Serve;
use crate::error::ServerError;
use crate::gate::Gate;
use crate::listener;
use crate::lock::lock;
use crate::timed_mutex::LockSummaries;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) context: Arc<Context>,
    /// Each has its own accept loop.
    pub(crate) listeners: Vec<Socket>,
    /// The listeners hold ACKs back. Locked to let them in and to stop: a listen(2) after
    /// the stop would make a listener listen again.
    pub(crate) holding: Mutex<bool>,
    /// Called with each connection that is accepted.
    pub(crate) announce: Option<fn(AcceptedConnection)>,
    pub(crate) gate: Gate,
    pub(crate) clients: Box<dyn Serve>,
    pub(crate) accept_log: Mutex<AcceptLog>,
    /// The depth is read after each accept(2).
    pub(crate) reads_depths: AtomicBool,
}

/// What accept(2) returned.
#[derive(Debug)]
pub(crate) struct AcceptLog {
    accepted: Vec<AcceptedConnection>,
    depths: Vec<DepthReading>,
    /// Connections to list, at most.
    max_listed: usize,
    connections: u64,
    accept_errors: BTreeMap<String, u64>,
    thread_errors: BTreeMap<String, u64>,
    /// Time for which the accept loops that have ended waited for a CPU; none if the kernel
    /// does not count it.
    run_delay_seconds: Option<f64>,
}

impl AcceptLog {
    pub(crate) fn new(max_listed: usize) -> Self {
        Self {
            accepted: Vec::new(),
            depths: Vec::new(),
            max_listed,
            connections: 0,
            accept_errors: BTreeMap::new(),
            thread_errors: BTreeMap::new(),
            run_delay_seconds: None,
        }
    }

    pub(crate) fn add_connection(
        &mut self,
        connection: AcceptedConnection,
        depth: Option<DepthReading>,
    ) {
        self.connections += 1;
        if let Some(depth) = depth
            && self.depths.len() < self.max_listed.min(MAX_TIMELINE_ROWS)
            && self.depths.try_reserve(1).is_ok()
        {
            self.depths.push(depth);
        }
        if self.accepted.len() < self.max_listed && self.accepted.try_reserve(1).is_ok() {
            self.accepted.push(connection);
        }
    }

    /// Adds the time for which an accept loop waited for a CPU.
    pub(crate) fn add_run_delay(&mut self, seconds: Option<f64>) {
        if let Some(seconds) = seconds {
            *self.run_delay_seconds.get_or_insert(0.0) += seconds;
        }
    }

    /// Counts an accept(2) that failed.
    pub(crate) fn add_accept_error(&mut self, errno: Errno) {
        *self.accept_errors.entry(format!("{errno:?}")).or_default() += 1;
    }

    /// Counts a client's thread that could not be started.
    pub(crate) fn add_thread_error(&mut self, errno: Errno) {
        *self.thread_errors.entry(format!("{errno:?}")).or_default() += 1;
    }
}

impl Shared {
    /// Lets every thread end; waits for none.
    pub(crate) fn stop(&self) {
        self.context.stopping.store(true, Relaxed);
        self.gate.stop();
        {
            let _turn = lock(&self.holding);
            listener::shut_down(&self.listeners);
        }
        self.clients.abort_all();
    }

    pub(crate) fn let_in(&self) -> Result<(), ServerError> {
        if !self.context.settings.hold_acks {
            return Err(ServerError::NothingHeld);
        }
        let mut holding = lock(&self.holding);
        if self.context.is_stopping() {
            return Err(ServerError::Stopping);
        }
        if *holding {
            listener::let_in(&self.listeners, self.context.settings.release_backlog)
                .map_err(ServerError::LetIn)?;
            *holding = false;
        }
        Ok(())
    }

    pub(crate) fn status(&self) -> ServerStatus {
        let counters = &self.context.counters;
        ServerStatus {
            accepted: counters.registered.load(Relaxed),
            clients: self.clients.live(),
            messages_ingested: counters.messages_ingested.load(Relaxed),
            deliveries: counters.deliveries.load(Relaxed),
        }
    }

    pub(crate) fn client_failures(&self) -> ClientFailures {
        let accept_log = lock(&self.accept_log);
        ClientFailures {
            accept_errors: accept_log.accept_errors.clone(),
            thread_errors: accept_log.thread_errors.clone(),
            closed: self.context.counters.closed.by_cause(),
            client_limit: self.context.client_limit.clone(),
        }
    }

    pub(crate) fn report(&self) -> ServerReport {
        let counters = &self.context.counters;
        let LockSummaries { wait: lock_wait, hold: lock_hold, message_hold } =
            self.clients.lock_times();
        self.context.chat_cpu.end(&counters.deliveries);
        let ClientFailures { accept_errors, thread_errors, closed, client_limit } =
            self.client_failures();
        let (mut accepted, mut depths, connections, accept_run_delay_seconds) = {
            let log = lock(&self.accept_log);
            (log.accepted.clone(), log.depths.clone(), log.connections, log.run_delay_seconds)
        };
        // Two accept loops may have recorded theirs in reverse order.
        accepted.sort_by_key(|connection| connection.at_ns);
        depths.sort_by_key(|depth| depth.to_ns);
        let turned_away =
            [ClosedBecause::MaxClients, ClosedBecause::NoThread].map(|cause| closed.get(&cause));
        ServerReport {
            accepted,
            depths,
            connections,
            messages_ingested: counters.messages_ingested.load(Relaxed),
            deliveries: counters.deliveries.load(Relaxed),
            bytes_in: counters.bytes_in.load(Relaxed),
            bytes_out: counters.bytes_out.load(Relaxed),
            ingest_window_ns: counters.ingest_window_ns(),
            metrics: ServerMetrics {
                failed_writes: counters.failed_writes.load(Relaxed),
                protocol_errors: counters.protocol_errors.load(Relaxed),
                dropped: counters.dropped.load(Relaxed),
                accept_errors,
                thread_errors,
                turned_away: turned_away.into_iter().flatten().sum(),
                closed,
                client_limit: Some(client_limit),
                most_clients: self.clients.most(),
                lock_wait,
                lock_hold,
                message_hold,
                write_wait: lock(&counters.write_waits).summary(),
                delivery_cost: self.context.chat_cpu.cost(),
                most_memory_bytes: own_status().as_deref().and_then(most_memory_bytes),
                usage: ResourceUsage::current(),
                accept_run_delay_seconds,
            },
        }
    }
}

/// The text of this process's status file; `None` if it cannot be read.
fn own_status() -> Option<String> {
    fs::read_to_string("/proc/self/status").ok()
}
