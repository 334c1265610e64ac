//! The load of a trial: its phases, and what is waited for between them.

use std::time::{Duration, Instant};

use chat_server::ClosesFirst;
use linux_net::monotonic_ns;
use load_generator::{ChatPhase, ConnectPattern, LoadCommand, LoadConfig, LoadEvent, LoadReport};
use run_record::{AcceptQueue, LivePhase};
use worker::{RESPONSE_TIMEOUT, Worker, WorkerError, config_arguments};

use super::Trial;
use crate::backend::{Role, Testbed};
use crate::error::Result;
use crate::live::Watched;
use crate::server::{Server, ServerStatus};

/// How long the lab waits between two looks at something.
const LOOK: Duration = Duration::from_millis(5);

/// How long the lab waits for an event between two looks at everything else. It
/// wakes more often in any case, to see whether the part lives.
const SLICE: Duration = Duration::from_millis(100);

/// How long the kernel may take to handle the last segments of a trial. What
/// stays longer is a finding: a phantom, or half a connection.
const LAST_SEGMENTS: Duration = Duration::from_millis(500);

/// What the load's part of the trial gave.
pub(super) struct Loaded {
    pub(super) report: LoadReport,
    pub(super) accept_queue: Option<AcceptQueue>,
    pub(super) held_bytes: Option<u64>,
    /// CLOCK_MONOTONIC when it was let on, nanoseconds: every attempt was
    /// decided, and had lingered.
    pub(super) released_ns: u64,
    pub(super) seconds: f64,
}

impl Trial<'_> {
    /// Runs the load, and waits until the server is done with it.
    pub(super) fn load(
        &self,
        testbed: &dyn Testbed,
        server: &mut Server,
        watched: &mut Watched<'_>,
    ) -> Result<Loaded> {
        let settings = &self.cell.settings;
        let target = server.address;
        let config = LoadConfig {
            settings: settings.load.clone(),
            target,
            framing: settings.server.framing,
            largest_body: settings.server.largest_body,
            sources: testbed.addresses().client.clone(),
            server_closes: settings.server.closes_first == ClosesFirst::Server,
            hold: true,
        };
        let began = Instant::now();
        watched.phase(LivePhase::Connecting);
        let mut load = testbed.start(Role::Client, "load", &config_arguments("load", &config))?;
        if let Some(next) = &self.next {
            next.backend.prepare(&next.spec, next.trial);
        }

        let established =
            self.await_load(&mut load, watched, connect_time(&config), "decision", |event| {
                match event {
                    LoadEvent::Decided { established, .. } => Some(established),
                    _ => None,
                }
            })?;
        if settings.server.hold_acks {
            server.let_in()?;
        }
        watched.phase(LivePhase::Lingering);
        self.linger(server, watched)?;
        let accept_queue = testbed.accept_queue(target.port())?;
        let mut held_bytes = None;
        if settings.server.accept_paused {
            load.send(&LoadCommand::Status);
            held_bytes =
                Some(self.await_load(&mut load, watched, Duration::ZERO, "status", |event| {
                    match event {
                        LoadEvent::Status { bytes_written, .. } => Some(bytes_written),
                        _ => None,
                    }
                })?);
            server.resume();
        }
        watched.phase(LivePhase::Chatting);
        if settings.load.chat == ChatPhase::AfterConnect {
            self.await_accepted(testbed, server, watched, established)?;
        }
        load.send(&LoadCommand::Go);
        let released_ns = monotonic_ns();

        let report = self.await_load(
            &mut load,
            watched,
            chat_time(&config),
            "report",
            |event| match event {
                LoadEvent::Done(report) => Some(*report),
                _ => None,
            },
        )?;
        watched.phase(LivePhase::Closing);
        self.await_idle(testbed, server, watched)?;
        Ok(Loaded {
            report,
            accept_queue,
            held_bytes,
            released_ns,
            seconds: began.elapsed().as_secs_f64(),
        })
    }

    /// Leaves the connections as they stand for as long as the scenario says, or
    /// as the server lives.
    fn linger(&self, server: &mut Server, watched: &mut Watched<'_>) -> Result<()> {
        let deadline = Instant::now() + self.cell.settings.load.linger;
        while Instant::now() < deadline && !server.is_dead() {
            self.check_interruption()?;
            watched.look();
            std::thread::sleep(LOOK.min(deadline.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }

    /// Waits for one of the load's events, and looks up from time to time for
    /// an interruption and at the queues.
    fn await_load<T>(
        &self,
        load: &mut Worker,
        watched: &mut Watched<'_>,
        expected: Duration,
        awaited: &'static str,
        mut wanted: impl FnMut(LoadEvent) -> Option<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + expected + RESPONSE_TIMEOUT;
        loop {
            self.check_interruption()?;
            watched.look();
            let found = load.await_event(awaited, SLICE, |event| match event {
                LoadEvent::Failed { reason } => {
                    Some(Err(WorkerError::Failed { worker: "load", reason }))
                }
                event => wanted(event).map(Ok),
            });
            match found {
                Err(WorkerError::Timeout { worker, awaited, .. }) if Instant::now() >= deadline => {
                    let waited = expected + RESPONSE_TIMEOUT;
                    return Err(WorkerError::Timeout { worker, awaited, waited }.into());
                }
                Err(WorkerError::Timeout { .. }) => {}
                found => return Ok(found?),
            }
        }
    }

    /// Waits until the server has accepted what is established at the client.
    /// Phantoms never come: an empty accept queue that no longer gives the
    /// server anything ends the wait.
    fn await_accepted(
        &self,
        testbed: &dyn Testbed,
        server: &mut Server,
        watched: &mut Watched<'_>,
        established: u64,
    ) -> Result<()> {
        let mut last = None;
        self.await_server(testbed, server, watched, |status, queued| {
            let stuck = queued == 0 && last == Some(status.accepted);
            last = Some(status.accepted);
            status.accepted >= established || stuck
        })
    }

    /// Waits until the server is done with what the clients have left behind:
    /// what is still queued is accepted, and what was written is read.
    fn await_idle(
        &self,
        testbed: &dyn Testbed,
        server: &mut Server,
        watched: &mut Watched<'_>,
    ) -> Result<()> {
        let is_idle = |status: &ServerStatus, queued| queued == 0 && status.threads == 0;
        self.await_server(testbed, server, watched, is_idle)?;
        // Both sides have closed; on a busy machine the kernel may still have to
        // handle the last segments, and the counters are of what it has handled.
        let deadline = Instant::now() + LAST_SEGMENTS;
        for role in [Role::Server, Role::Client] {
            while testbed.sockets(role)?.closing_now() > 0 && Instant::now() < deadline {
                std::thread::sleep(LOOK);
            }
        }
        Ok(())
    }

    /// Asks the server until it is so far, or dead, or has had the time that a
    /// connection has for everything.
    fn await_server(
        &self,
        testbed: &dyn Testbed,
        server: &mut Server,
        watched: &mut Watched<'_>,
        mut so_far: impl FnMut(&ServerStatus, u32) -> bool,
    ) -> Result<()> {
        let deadline = Instant::now() + self.cell.settings.load.finish_deadline;
        while Instant::now() < deadline {
            self.check_interruption()?;
            watched.look();
            // Before the status: what leaves the queue between the two is then
            // in the status.
            let queue = testbed.accept_queue(server.address.port())?;
            let Some(status) = server.status()? else { break };
            if so_far(&status, queue.map_or(0, |queue| queue.depth)) {
                break;
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}

/// The longest that all attempts can take to be decided.
fn connect_time(config: &LoadConfig) -> Duration {
    let settings = &config.settings;
    // Where a rate is not kept to, it may be any.
    let spread = settings.connect_rate.map_or(0.0, |rate| f64::from(settings.clients) / rate);
    let spread = Duration::try_from_secs_f64(spread).unwrap_or_default();
    match settings.pattern {
        ConnectPattern::Burst => settings.connect_deadline,
        ConnectPattern::Rate => settings.connect_deadline + spread,
        // Each waits for the one before to end.
        ConnectPattern::OneByOne => {
            let each = settings.connect_deadline + chat_time(config);
            spread + each.saturating_mul(settings.clients)
        }
    }
}

/// The longest that everything after that can take.
fn chat_time(config: &LoadConfig) -> Duration {
    let settings = &config.settings;
    let chat = settings.send_delay.saturating_add(settings.interval * settings.messages);
    chat.saturating_add(settings.finish_deadline)
}
