//! The load of a trial: its phases, and the conditions between them.

use std::net::SocketAddr;
use std::time::Duration;

use chat_server::{ClosesFirst, ServerStatus};
use load_generator::{
    ChatPhase, ConnectPattern, LoadCommand, LoadConfig, LoadEvent, LoadProtocol, LoadReport,
    LoadResponse,
};
use run_record::{AcceptQueue, LeftSockets, LivePhase};
use worker::{Client, RESPONSE_TIMEOUT, WorkerError, config_arguments};

use super::context::TrialContext;
use crate::backend::{Role, Testbed};
use crate::destinations::{self, PortQueue};
use crate::error::Result;
use crate::live::Watched;
use crate::server::RunningServer;

/// Time between two polls of a condition.
const POLL_INTERVAL: Duration = Duration::from_millis(5);

/// How long the lab waits for a worker's event before it checks everything else.
const EVENT_TIMEOUT: Duration = Duration::from_millis(100);

/// How long the kernel may take to handle the last segments of a trial. Connections that
/// last longer are a result: a phantom, or half a connection.
const LAST_SEGMENTS_TIMEOUT: Duration = Duration::from_millis(500);

/// The results of a trial's load.
pub(super) struct Loaded {
    pub(super) report: LoadReport,
    /// The accept queue of each destination when every attempt was decided.
    pub(super) queues: Vec<PortQueue>,
    /// The destinations, each once, with the attempts that were to go there.
    pub(super) destinations: Vec<(SocketAddr, u64)>,
    /// Bytes that clients had written when a paused server began to accept; `None` if the
    /// server was not paused, or the load had already ended.
    pub(super) held_bytes: Option<u64>,
    /// What the clients left at the server's host.
    pub(super) left: LeftSockets,
    /// When the load was released, nanoseconds of the trial's clock: every attempt
    /// was decided, and had lingered.
    pub(super) released_ns: u64,
    pub(super) seconds: f64,
}

impl Loaded {
    /// The accept queue of the only destination; `None` if there are several.
    pub(super) fn accept_queue(&self) -> Option<AcceptQueue> {
        match self.queues.as_slice() {
            [only] => only.queue,
            _ => None,
        }
    }
}

/// Runs the load, and waits until the server has handled it.
///
/// # Errors
/// If a host or a worker fails, or the trial must end.
pub(super) fn load(
    trial: &TrialContext<'_>,
    testbed: &dyn Testbed,
    server: &mut RunningServer<'_>,
    watched: &mut Watched<'_>,
) -> Result<Loaded> {
    LoadPhases { trial, testbed, server, watched }.run()
}

/// The load of a trial, and what observes it.
struct LoadPhases<'a, 'w, 's> {
    trial: &'a TrialContext<'a>,
    testbed: &'a dyn Testbed,
    server: &'a mut RunningServer<'s>,
    watched: &'a mut Watched<'w>,
}

impl LoadPhases<'_, '_, '_> {
    fn run(mut self) -> Result<Loaded> {
        let settings = &self.trial.cell.settings;
        let server = settings.server.listening();
        let clock = self.trial.clock();
        let target = self.server.address();
        let config = LoadConfig {
            settings: settings.load.clone(),
            target,
            more_targets: Vec::new(),
            framing: server.framing,
            largest_body: server.largest_body,
            sources: self.testbed.addresses().client.clone(),
            server_closes: server.closes_first == ClosesFirst::Server,
            hold: true,
        };
        let began = clock.now();
        self.watched.phase(LivePhase::Connecting);
        let arguments = config_arguments::<LoadProtocol>(&config);
        let worker = self.testbed.start(Role::Client, "load", &arguments)?;
        let mut load = Client::<LoadProtocol>::new(worker);
        if let Some(next) = &self.trial.next {
            next.backend.prepare(&next.spec, next.purpose);
        }

        let established =
            self.await_load(&mut load, connect_time(&config), "decision", |event| match event {
                LoadEvent::Decided { established, .. } => Some(established),
                _ => None,
            })?;
        if server.hold_acks {
            self.server.release_acks()?;
        }
        self.watched.phase(LivePhase::Lingering);
        self.linger()?;
        if self.trial.keeps_ledger() {
            // Each connection that is established now is seen, however soon it ends.
            self.watched.scan();
        }
        let queues = self.queues()?;
        let mut held_bytes = None;
        if server.accept_paused {
            let status = load.request("status", LoadCommand::Status, |response| {
                let LoadResponse::Status(status) = response;
                Some(status)
            });
            held_bytes = match status {
                Ok(status) => Some(status.bytes_written),
                // A load that does not hold ends with its last client, which may be the
                // last decided one. Its report is awaited below.
                Err(WorkerError::Exited { .. }) => None,
                Err(error) => return Err(error.into()),
            };
            self.server.resume()?;
        }
        self.watched.phase(LivePhase::Chatting);
        if settings.load.chat == ChatPhase::AfterConnect {
            self.await_accepted(established)?;
        }
        load.send(LoadCommand::Go);
        let released_ns = clock.now_ns();

        let report =
            self.await_load(&mut load, chat_time(&config), "report", |event| match event {
                LoadEvent::Done(report) => Some(*report),
                _ => None,
            })?;
        self.watched.phase(LivePhase::Closing);
        let left = self.await_idle()?;
        Ok(Loaded {
            report,
            queues,
            destinations: config.attempts_by_destination(),
            held_bytes,
            left,
            released_ns,
            seconds: (clock.now() - began).as_secs_f64(),
        })
    }

    /// Leaves the connections idle for the scenario's `load.linger`, or until the server
    /// dies; not in a closed loop, in which each client has had its own.
    fn linger(&mut self) -> Result<()> {
        let clock = self.trial.clock();
        let deadline = clock.now() + self.trial.cell.settings.load.linger_after_decisions();
        while clock.now() < deadline && !self.server.is_dead() {
            self.trial.check_interruption()?;
            self.watched.poll();
            clock.sleep(POLL_INTERVAL.min(deadline.saturating_sub(clock.now())));
        }
        Ok(())
    }

    /// Waits for one of the load's events; meanwhile checks for an interruption and
    /// shows the queues.
    fn await_load<T>(
        &mut self,
        load: &mut Client<LoadProtocol>,
        expected: Duration,
        awaited: &'static str,
        mut take: impl FnMut(LoadEvent) -> Option<T>,
    ) -> Result<T> {
        let clock = self.trial.clock();
        let deadline = clock.now() + expected + RESPONSE_TIMEOUT;
        loop {
            self.trial.check_interruption()?;
            self.watched.poll();
            let found = load.await_event(awaited, EVENT_TIMEOUT, |event| take(event).map(Ok));
            match found {
                Err(WorkerError::Timeout { worker, awaited, .. }) if clock.now() >= deadline => {
                    let waited = expected + RESPONSE_TIMEOUT;
                    return Err(WorkerError::Timeout { worker, awaited, waited }.into());
                }
                Err(WorkerError::Timeout { .. }) => {}
                found => return Ok(found?),
            }
        }
    }

    /// Waits until the server has accepted what is established at the client.
    /// Phantoms never arrive: the wait also ends if the accept queue is empty and the
    /// server accepts no further connection.
    fn await_accepted(&mut self, established: u64) -> Result<()> {
        let mut last = None;
        self.await_server(|status, queued| {
            let stuck = queued == 0 && last == Some(status.accepted);
            last = Some(status.accepted);
            status.accepted >= established || stuck
        })
    }

    /// Waits until the server has accepted all queued connections and read all written
    /// data; returns what the clients left if it does not.
    fn await_idle(&mut self) -> Result<LeftSockets> {
        self.await_server(|status, queued| queued == 0 && status.clients == 0)?;
        // Both sides have closed; on a busy machine the kernel may still have to handle
        // the last segments, which the counters must include.
        let clock = self.trial.clock();
        let deadline = clock.now() + LAST_SEGMENTS_TIMEOUT;
        let mut close_wait = 0;
        for role in [Role::Client, Role::Server] {
            loop {
                let sockets = self.testbed.sockets(role)?;
                close_wait = sockets.close_wait;
                if sockets.closing_now() == 0 || clock.now() >= deadline {
                    break;
                }
                clock.sleep(POLL_INTERVAL);
            }
        }
        Ok(LeftSockets { close_wait, queued: self.queued()? })
    }

    /// The accept queue of each destination now.
    fn queues(&self) -> Result<Vec<PortQueue>> {
        let read = |port| Ok(PortQueue { port, queue: self.testbed.accept_queue(port)? });
        let server = self.server.address().port();
        destinations::ports(&self.trial.cell.settings, server).into_iter().map(read).collect()
    }

    /// Connections in the accept queues of all destinations now.
    fn queued(&self) -> Result<u32> {
        let queues = self.queues()?;
        let depths = queues.iter().filter_map(|queue| queue.queue).map(|queue| queue.depth);
        Ok(depths.fold(0, u32::saturating_add))
    }

    /// Polls the server's status until `is_reached`, the server is dead, or the finish
    /// deadline has passed.
    fn await_server(
        &mut self,
        mut is_reached: impl FnMut(&ServerStatus, u32) -> bool,
    ) -> Result<()> {
        let clock = self.trial.clock();
        let deadline = clock.now() + self.trial.cell.settings.load.finish_deadline;
        while clock.now() < deadline {
            self.trial.check_interruption()?;
            self.watched.poll();
            // Before the status, which then includes connections that leave the queue in
            // between.
            let queued = self.queued()?;
            let Some(status) = self.server.status()? else { break };
            if is_reached(&status, queued) {
                break;
            }
            clock.sleep(POLL_INTERVAL);
        }
        Ok(())
    }
}

/// Maximum time until all attempts are decided.
fn connect_time(config: &LoadConfig) -> Duration {
    let settings = &config.settings;
    // Without a rate, the time between the first and the last attempt is unbounded.
    let rate = settings.connect_rate;
    let spread =
        rate.map_or(Duration::ZERO, |rate| rate.due_after(settings.clients.saturating_sub(1)));
    match settings.pattern {
        ConnectPattern::Burst => settings.connect_deadline,
        ConnectPattern::Rate => settings.connect_deadline.saturating_add(spread),
        ConnectPattern::OneByOne | ConnectPattern::Concurrent => {
            let each = settings.connect_deadline.saturating_add(chat_time(config));
            // Attempts that begin at the same time, and those that wait for their ends.
            let in_a_row = settings.rounds().saturating_add(1);
            spread.saturating_add(each.saturating_mul(in_a_row))
        }
    }
}

/// Maximum time from the last decided attempt to the load's report.
fn chat_time(config: &LoadConfig) -> Duration {
    let settings = &config.settings;
    let chat = settings.send_delay.saturating_add(settings.interval * settings.messages);
    // Those of a closed loop have their own linger.
    let linger = settings.linger.saturating_sub(settings.linger_after_decisions());
    chat.saturating_add(linger).saturating_add(settings.finish_deadline)
}
