//! The life of a trial, from testbed to record.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use chat_server::ClosesFirst;
use jiff::Timestamp;
use linux_net::{TimerWheel, monotonic_ns};
use load_generator::{ChatPhase, ConnectPattern, LoadCommand, LoadConfig, LoadEvent, LoadReport};
use run_record::{
    AcceptQueue, AttemptRow, Evidence, KernelRules, OutcomeCounts, Restart, SysctlValues,
    TrialRecord,
};
use scenario::{Cell, PlannedTrial};

use crate::backend::{Backend, Role, Testbed, TestbedSpec};
use crate::error::{LabError, Result};
use crate::kernel_rules::syn_queue_rule;
use crate::ledger::{self, ServerLedger};
use crate::part::{PATIENCE, Part, config_arguments};
use crate::server::{Server, ServerEnd, ServerStatus};
use crate::simulated::{Played, simulated};
use crate::{aftermath, facts, figures, invariants, laws};

/// How long the lab waits between two looks at something.
const LOOK: Duration = Duration::from_millis(5);

/// How long the kernel may take to handle the last segments of a trial. What
/// stays longer is a finding: a phantom, or half a connection.
const LAST_SEGMENTS: Duration = Duration::from_millis(500);

/// One trial about to run.
pub(crate) struct Trial<'a> {
    pub(crate) backend: &'a dyn Backend,
    pub(crate) cell: &'a Cell,
    pub(crate) planned: &'a PlannedTrial,
    /// The testbed of the trial after this one.
    pub(crate) next: Option<(TestbedSpec, u32)>,
    pub(crate) expectations: &'a scenario::Expectations,
    /// The kernel's rules, as found at the run's start.
    pub(crate) rules: &'a KernelRules,
    /// None where it was not found: then nothing is simulated.
    pub(crate) wheel: Option<&'a TimerWheel>,
    pub(crate) server_may_die: bool,
    pub(crate) interrupted: &'a AtomicBool,
}

/// What a trial leaves.
pub(crate) struct Finished {
    pub(crate) record: TrialRecord,
    pub(crate) attempts: Vec<AttemptRow>,
}

/// What was seen on a testbed.
struct Observed {
    /// Every sysctl in force that decides how connections queue.
    effective: SysctlValues,
    predictions: Vec<laws::Prediction>,
    before: Counters,
    loaded: Loaded,
    after: Counters,
    /// CLOCK_MONOTONIC when they were read, nanoseconds.
    counted_ns: u64,
    end: ServerEnd,
    restart: Option<Restart>,
}

/// What the load's part of the trial gave.
struct Loaded {
    report: LoadReport,
    accept_queue: Option<AcceptQueue>,
    seconds: f64,
}

impl Trial<'_> {
    /// Runs it. The testbed is gone when this returns, however it returns.
    pub(crate) fn run(&self) -> Result<Finished> {
        let started = Timestamp::now();
        let began = Instant::now();
        let settings = &self.cell.settings;
        let spec = TestbedSpec::of(settings);
        let testbed = self.backend.testbed(&spec, self.planned.id)?;
        let observed = self.observe(testbed.as_ref());
        if !matches!(observed, Err(LabError::Interrupted)) {
            // Whatever was observed, a testbed that broke says why; and what
            // was measured on one is no measurement.
            testbed.verify(observed.is_err())?;
        }
        let Observed { effective, predictions, before, loaded, after, counted_ns, end, restart } =
            observed?;
        let sysctls = testbed.sysctls().clone();
        drop(testbed);

        let (report, ledger, died) = match &end {
            ServerEnd::Stopped(report) => {
                let ledger = ServerLedger { accepted: Some(&report.accepted), died_ns: None };
                (Some(report.as_ref()), ledger, None)
            }
            ServerEnd::Died { status, at_ns, accepted } => {
                let ledger = ServerLedger { accepted: accepted.as_deref(), died_ns: Some(*at_ns) };
                (None, ledger, Some(status.clone()))
            }
        };
        let accepted = ledger.accepted.map(<[_]>::len);
        let load = &loaded.report;
        let joined = ledger::join(&load.attempts, ledger);
        let outcomes: OutcomeCounts = joined.rows.iter().map(|row| row.outcome).collect();
        let (server_delta, client_delta) = (after.0.delta(&before.0), after.1.delta(&before.1));
        let fallen: Vec<_> = server_delta
            .backwards
            .iter()
            .map(|name| format!("server {name}"))
            .chain(client_delta.backwards.iter().map(|name| format!("client {name}")))
            .collect();

        let integrity = figures::integrity(&load.integrity);
        let mut checks = vec![
            invariants::outcomes_add_up(&outcomes, u64::from(settings.load.clients)),
            invariants::accepts_match_attempts(&joined, accepted),
            invariants::sysctls_read_back(&spec, &sysctls),
            invariants::server_alive(died.as_deref(), self.server_may_die),
            invariants::counters_never_fall(&fallen),
            invariants::deliveries_intact(&integrity),
        ];
        if let Some(report) = report {
            checks.push(invariants::messages_add_up(
                load.messages_written,
                report.messages_ingested,
                report.deliveries,
                load.deliveries,
            ));
        }

        let laws = laws::compare(
            &predictions,
            &laws::Measured {
                accept_queue: loaded.accept_queue,
                probe: None,
                restart: restart.as_ref(),
                rows: &joined.rows,
                server: &server_delta.changes,
                client: &client_delta.changes,
            },
            died.is_some(),
        );
        let duration = began.elapsed().as_secs_f64();
        // Without a server's whole ledger there are no instants to play.
        let simulated = self.wheel.filter(|_| report.is_some()).and_then(|wheel| {
            simulated(&Played {
                cell: settings,
                sysctls: &effective,
                rules: self.rules,
                wheel,
                rows: &joined.rows,
                counted_ns,
            })
        });
        let mut record = TrialRecord {
            id: self.planned.id,
            cell: self.cell.index as u32,
            repetition: self.planned.repetition,
            point: self.cell.point.clone(),
            started,
            duration_seconds: duration,
            overhead_seconds: duration - loaded.seconds,
            attempts: u64::from(settings.load.clients),
            ok_first_try: figures::ok_first_try(&joined.rows),
            syn_retransmits: figures::syn_retransmits(&joined.rows),
            rates: figures::rates(load, report, &outcomes, &settings.load),
            connect_latency: figures::latency(&load.connect_latency),
            delivery_latency: figures::latency(&load.delivery_latency),
            send_lateness: figures::latency(&load.send_lateness),
            integrity,
            undelivered: load.undelivered,
            errors: load.errors.clone(),
            evidence: Evidence {
                server: server_delta.changes,
                client: client_delta.changes,
                accept_queue: loaded.accept_queue,
                probe: None,
            },
            accept_wait: figures::accept_wait(&joined.rows),
            held_bytes: None,
            restart,
            simulated,
            sysctls,
            accepted: accepted.map(|accepted| accepted as u64),
            server: report.map(figures::server),
            server_died: died.clone(),
            load: figures::usage(&load.resources),
            laws,
            expectations: Vec::new(),
            invariants: checks,
            outcomes,
        };
        record.expectations =
            figures::checks(self.expectations.evaluate(&facts::facts(settings, &record)));
        Ok(Finished { record, attempts: joined.rows })
    }

    fn observe(&self, testbed: &dyn Testbed) -> Result<Observed> {
        let settings = &self.cell.settings;
        let effective = testbed.effective_sysctls()?;
        let somaxconn = effective.server.get("net.core.somaxconn");
        let predictions = laws::predict(&laws::Known {
            cell: settings,
            somaxconn: somaxconn.and_then(|value| value.parse().ok()),
            syn_queue_full: syn_queue_rule(self.rules),
        });

        let mut server = Server::start(testbed, &settings.server)?;
        let before = counters(testbed)?;
        let loaded = self.load(testbed, &mut server)?;
        let after = counters(testbed)?;
        let counted_ns = monotonic_ns();
        let check = || self.check_interruption();
        aftermath::watch_closing(testbed, settings.after.watch_closing, check)?;
        let end = server.stop()?;
        let left_ns = loaded.report.ended_ns;
        let restart =
            aftermath::restart(testbed, &settings.server, &settings.after, left_ns, check)?;
        Ok(Observed { effective, predictions, before, loaded, after, counted_ns, end, restart })
    }

    fn load(&self, testbed: &dyn Testbed, server: &mut Server) -> Result<Loaded> {
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
        let mut load = testbed.start(Role::Client, "load", &config_arguments("load", &config))?;
        if let Some((spec, trial)) = &self.next {
            self.backend.prepare(spec, *trial);
        }

        let established =
            self.await_load(&mut load, connect_time(&config), "decision", |event| match event {
                LoadEvent::Decided { established, .. } => Some(established),
                _ => None,
            })?;
        if settings.server.hold_acks {
            server.let_in()?;
        }
        self.linger()?;
        let accept_queue = testbed.accept_queue(target.port())?;
        if settings.server.accept_paused {
            server.resume();
        }
        if settings.load.chat == ChatPhase::AfterConnect {
            self.await_accepted(testbed, server, established)?;
        }
        load.tell(&LoadCommand::Go);

        let report =
            self.await_load(&mut load, chat_time(&config), "report", |event| match event {
                LoadEvent::Done(report) => Some(*report),
                _ => None,
            })?;
        self.await_idle(testbed, server)?;
        Ok(Loaded { report, accept_queue, seconds: began.elapsed().as_secs_f64() })
    }

    /// Leaves the connections as they stand for as long as the scenario says.
    fn linger(&self) -> Result<()> {
        let deadline = Instant::now() + self.cell.settings.load.linger;
        while Instant::now() < deadline {
            self.check_interruption()?;
            std::thread::sleep(LOOK.min(deadline.saturating_duration_since(Instant::now())));
        }
        Ok(())
    }

    /// Waits for one of the load's events, and looks up from time to time for
    /// an interruption.
    fn await_load<T>(
        &self,
        load: &mut Part,
        expected: Duration,
        awaited: &'static str,
        mut wanted: impl FnMut(LoadEvent) -> Option<T>,
    ) -> Result<T> {
        let deadline = Instant::now() + expected + PATIENCE;
        loop {
            self.check_interruption()?;
            let slice = Duration::from_millis(200);
            let found = load.await_event(awaited, slice, |event| match event {
                LoadEvent::Failed { reason } => {
                    Some(Err(LabError::PartFailed { part: "load", reason }))
                }
                event => wanted(event).map(Ok),
            });
            match found {
                Err(LabError::PartSilent { part, awaited, .. }) if Instant::now() >= deadline => {
                    let waited = expected + PATIENCE;
                    return Err(LabError::PartSilent { part, awaited, waited });
                }
                Err(LabError::PartSilent { .. }) => {}
                found => return found,
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
        established: u64,
    ) -> Result<()> {
        let mut last = None;
        self.await_server(testbed, server, |status, queued| {
            let stuck = queued == 0 && last == Some(status.accepted);
            last = Some(status.accepted);
            status.accepted >= established || stuck
        })
    }

    /// Waits until the server is done with what the clients have left behind:
    /// what is still queued is accepted, and what was written is read.
    fn await_idle(&self, testbed: &dyn Testbed, server: &mut Server) -> Result<()> {
        self.await_server(testbed, server, |status, queued| queued == 0 && status.threads == 0)?;
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
        mut so_far: impl FnMut(&ServerStatus, u32) -> bool,
    ) -> Result<()> {
        let deadline = Instant::now() + self.cell.settings.load.finish_deadline;
        while Instant::now() < deadline {
            self.check_interruption()?;
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

    fn check_interruption(&self) -> Result<()> {
        match self.interrupted.load(Ordering::Relaxed) {
            true => Err(LabError::Interrupted),
            false => Ok(()),
        }
    }
}

type Counters = (linux_net::Counters, linux_net::Counters);

fn counters(testbed: &dyn Testbed) -> Result<Counters> {
    Ok((testbed.counters(Role::Server)?, testbed.counters(Role::Client)?))
}

/// The longest that all attempts can take to be decided.
fn connect_time(config: &LoadConfig) -> Duration {
    let settings = &config.settings;
    let spread = match (settings.pattern, settings.connect_rate) {
        (ConnectPattern::Rate, Some(rate)) => f64::from(settings.clients) / rate,
        _ => 0.0,
    };
    settings.connect_deadline + Duration::from_secs_f64(spread)
}

/// The longest that everything after that can take.
fn chat_time(config: &LoadConfig) -> Duration {
    let settings = &config.settings;
    settings.send_delay + settings.interval * settings.messages + settings.finish_deadline
}
