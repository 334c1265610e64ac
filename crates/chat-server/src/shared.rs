//! The state that all threads of a server share.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use chat_protocol::Codec;
use nix::errno::Errno;
use socket2::Socket;
use worker::metrics::{ResourceUsage, ServerMetrics};

use crate::control::{AcceptFailures, AcceptedConnection, ServerReport, ServerStatus};
use crate::counters::Counters;
use crate::error::ServerError;
use crate::gate::Gate;
use crate::listener;
use crate::lock::lock;
use crate::registry::Registry;
use crate::settings::ServerSettings;
use crate::threads::Threads;

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: ServerSettings,
    pub(crate) codec: Codec,
    /// Each has its own accept loop.
    pub(crate) listeners: Vec<Socket>,
    /// The listeners hold ACKs back. Locked to let them in and to stop: a listen(2) after
    /// the stop would make a listener listen again.
    pub(crate) holding: Mutex<bool>,
    /// Called with each connection that is accepted.
    pub(crate) announce: Option<fn(AcceptedConnection)>,
    pub(crate) gate: Gate,
    pub(crate) registry: Registry,
    pub(crate) threads: Arc<Threads>,
    pub(crate) counters: Counters,
    pub(crate) accept_log: Mutex<AcceptLog>,
    pub(crate) stopping: AtomicBool,
}

/// What accept(2) returned.
#[derive(Debug, Default)]
pub(crate) struct AcceptLog {
    pub(crate) accepted: Vec<AcceptedConnection>,
    failures: AcceptFailures,
    /// Time for which the accept loops that have ended waited for a CPU; none if the kernel
    /// does not count it.
    run_delay_seconds: Option<f64>,
}

impl AcceptLog {
    /// Adds the time for which an accept loop waited for a CPU.
    pub(crate) fn add_run_delay(&mut self, seconds: Option<f64>) {
        if let Some(seconds) = seconds {
            *self.run_delay_seconds.get_or_insert(0.0) += seconds;
        }
    }

    /// Counts an accept(2) that failed.
    pub(crate) fn add_accept_error(&mut self, errno: Errno) {
        *self.failures.accept_errors.entry(format!("{errno:?}")).or_default() += 1;
    }

    /// Counts a connection that was closed because its thread could not be started.
    pub(crate) fn add_turned_away(&mut self, errno: Errno) {
        *self.failures.thread_errors.entry(format!("{errno:?}")).or_default() += 1;
        self.failures.turned_away += 1;
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
        {
            let _turn = lock(&self.holding);
            listener::shut_down(&self.listeners);
        }
        self.threads.abort_all();
    }

    pub(crate) fn let_in(&self) -> Result<(), ServerError> {
        if !self.settings.hold_acks {
            return Err(ServerError::NothingHeld);
        }
        let mut holding = lock(&self.holding);
        if self.is_stopping() {
            return Err(ServerError::Stopping);
        }
        if *holding {
            listener::let_in(&self.listeners, self.settings.release_backlog)
                .map_err(ServerError::LetIn)?;
            *holding = false;
        }
        Ok(())
    }

    pub(crate) fn status(&self) -> ServerStatus {
        ServerStatus {
            accepted: self.counters.registered.load(Relaxed),
            threads: self.threads.live(),
            messages_ingested: self.counters.messages_ingested.load(Relaxed),
            deliveries: self.counters.deliveries.load(Relaxed),
        }
    }

    pub(crate) fn accept_failures(&self) -> AcceptFailures {
        lock(&self.accept_log).failures.clone()
    }

    pub(crate) fn report(&self) -> ServerReport {
        let (lock_wait, lock_hold) = self.registry.lock_times();
        let (mut accepted, failures, accept_run_delay_seconds) = {
            let accept_log = lock(&self.accept_log);
            let AcceptLog { accepted, failures, run_delay_seconds } = &*accept_log;
            (accepted.clone(), failures.clone(), *run_delay_seconds)
        };
        // Two accept loops may have recorded theirs in reverse order.
        accepted.sort_by_key(|connection| connection.at_ns);
        ServerReport {
            accepted,
            messages_ingested: self.counters.messages_ingested.load(Relaxed),
            deliveries: self.counters.deliveries.load(Relaxed),
            bytes_in: self.counters.bytes_in.load(Relaxed),
            bytes_out: self.counters.bytes_out.load(Relaxed),
            ingest_window_ns: self.counters.ingest_window_ns(),
            metrics: ServerMetrics {
                failed_writes: self.counters.failed_writes.load(Relaxed),
                protocol_errors: self.counters.protocol_errors.load(Relaxed),
                accept_errors: failures.accept_errors,
                thread_errors: failures.thread_errors,
                turned_away: failures.turned_away,
                most_threads: self.threads.most(),
                lock_wait,
                lock_hold,
                usage: ResourceUsage::current(),
                accept_run_delay_seconds,
            },
        }
    }
}
