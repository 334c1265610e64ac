//! The life of a trial, from testbed to record.

mod loading;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use linux_net::{TimerWheel, monotonic_ns};
use run_record::{
    AttemptRow, Evidence, KernelRules, LivePhase, OutcomeCounts, Restart, SysctlValues,
    TimelineRow, TrialRecord,
};
use scenario::{Cell, PlannedTrial};

use self::loading::Loaded;
use crate::backend::{Backend, Role, Testbed, TestbedSpec};
use crate::error::{LabError, Result};
use crate::kernel_rules::syn_queue_rule;
use crate::ledger::{self, ServerLedger};
use crate::live::{LiveRun, ShownTrial};
use crate::probe::{Probe, ProbeReport};
use crate::server::{Server, ServerEnd};
use crate::simulated::{Played, simulated};
use crate::turns::Others;
use crate::{aftermath, facts, figures, invariants, laws};

/// One trial about to run.
pub(crate) struct Trial<'a> {
    pub(crate) backend: &'a dyn Backend,
    pub(crate) cell: &'a Cell,
    pub(crate) planned: &'a PlannedTrial,
    /// The testbed of the trial after this one.
    pub(crate) next: Option<Wanted<'a>>,
    pub(crate) expectations: &'a scenario::Expectations,
    /// The kernel's rules, as found at the run's start.
    pub(crate) rules: &'a KernelRules,
    /// None where it was not found: then nothing is simulated.
    pub(crate) wheel: Option<&'a TimerWheel>,
    pub(crate) server_may_die: bool,
    /// Whether the probe keeps a timeline.
    pub(crate) timeline: bool,
    /// The trials that run beside it.
    pub(crate) others: Option<&'a Others>,
    pub(crate) live: &'a LiveRun,
    pub(crate) interrupted: &'a AtomicBool,
}

/// The testbed that a trial will want.
pub(crate) struct Wanted<'a> {
    pub(crate) backend: &'a dyn Backend,
    pub(crate) spec: TestbedSpec,
    pub(crate) trial: u32,
}

/// What a trial leaves.
pub(crate) struct Finished {
    pub(crate) record: TrialRecord,
    pub(crate) attempts: Vec<AttemptRow>,
    /// Empty unless it was asked for.
    pub(crate) timeline: Vec<TimelineRow>,
}

/// What was seen on a testbed.
struct Observed {
    /// Every sysctl in force that decides how connections queue.
    effective: SysctlValues,
    predictions: Vec<laws::Prediction>,
    before: Counters,
    loaded: Loaded,
    /// Or why it did not run to its end.
    probed: Result<ProbeReport>,
    after: Counters,
    /// CLOCK_MONOTONIC when they were read, nanoseconds.
    counted_ns: u64,
    end: ServerEnd,
    restart: Option<Restart>,
    /// What came after the load took so long, the server's end included.
    after_seconds: f64,
}

impl Trial<'_> {
    /// Runs it. The testbed is gone when this returns, however it returns.
    pub(crate) fn run(&self) -> Result<Finished> {
        let started = Timestamp::now();
        let began = Instant::now();
        let settings = &self.cell.settings;
        let spec = TestbedSpec::of(settings);
        let shown = self.live.begins(self.planned, self.cell);
        let testbed = self.backend.testbed(&spec, self.planned.id)?;
        let observed = self.observe(testbed.as_ref(), &shown);
        if !matches!(observed, Err(LabError::Interrupted)) {
            // Whatever was observed, a testbed that broke says why; and what
            // was measured on one is no measurement.
            let is_whole = observed.as_ref().is_ok_and(|observed| observed.probed.is_ok());
            testbed.verify(!is_whole)?;
        }
        let Observed {
            effective,
            predictions,
            before,
            loaded,
            probed,
            after,
            counted_ns,
            end,
            restart,
            after_seconds,
        } = observed?;
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
            invariants::probe_ran(probed.as_ref().err()),
        ];
        let (probe, timeline) =
            probed.map_or_else(|_| (None, Vec::new()), |seen| (Some(seen.report), seen.timeline));
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
                probe: probe.as_ref(),
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
                released_ns: loaded.released_ns,
                counted_ns,
            })
        });
        let mut record = TrialRecord {
            id: self.planned.id,
            cell: self.cell.index as u32,
            repetition: self.planned.repetition,
            retry: self.planned.retry,
            point: self.cell.point.clone(),
            started,
            duration_seconds: duration,
            overhead_seconds: duration - loaded.seconds - after_seconds,
            attempts: u64::from(settings.load.clients),
            ok_first_try: figures::ok_first_try(&joined.rows),
            syn_retransmits: figures::syn_retransmits(&joined.rows),
            rates: figures::rates(load, report, &outcomes, &settings.load),
            connect_latency: figures::latency(&load.connect_latency),
            connect_histogram: Some(figures::connect_histogram(&joined.rows)),
            delivery_latency: figures::latency(&load.delivery_latency),
            send_lateness: figures::latency(&load.send_lateness),
            integrity,
            undelivered: load.undelivered,
            errors: load.errors.clone(),
            evidence: Evidence {
                server: server_delta.changes,
                client: client_delta.changes,
                accept_queue: loaded.accept_queue,
                probe,
            },
            accept_wait: figures::accept_wait(&joined.rows),
            held_bytes: loaded.held_bytes,
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
        Ok(Finished { record, attempts: joined.rows, timeline })
    }

    fn observe(&self, testbed: &dyn Testbed, shown: &ShownTrial<'_>) -> Result<Observed> {
        let settings = &self.cell.settings;
        let effective = testbed.effective_sysctls()?;
        let somaxconn = effective.server.get("net.core.somaxconn");
        let predictions = laws::predict(&laws::Known {
            cell: settings,
            somaxconn: somaxconn.and_then(|value| value.parse().ok()),
            syn_queue_full: syn_queue_rule(self.rules),
            tw_reuse_delay: effective
                .client
                .get("net.ipv4.tcp_tw_reuse_delay")
                .and_then(|delay| delay.parse().ok())
                .map(Duration::from_millis),
            hz: self.wheel.map(TimerWheel::hz),
        });

        let mut server = Server::start(testbed, &settings.server)?;
        let port = server.address.port();
        let at_once = self.others.map_or(1, |others| others.number);
        let probe = Probe::start(testbed, &settings.server, port, self.timeline, at_once)?;
        if let Some(others) = self.others {
            others.await_ready();
        }
        let before = counters(testbed)?;
        let answers = self.backend.build().is_none();
        let mut watched = shown.watched(probe, answers);
        let loaded = self.load(testbed, &mut server, &mut watched)?;
        let after = counters(testbed)?;
        let counted_ns = monotonic_ns();
        let loaded_at = Instant::now();
        aftermath::watch_closing(testbed, settings.after.watch_closing, || {
            watched.look();
            self.check_interruption()
        })?;
        // Before the server, whose end makes sockets that are nobody's to measure.
        // Without what it saw, the rest of the trial is still worth something.
        let probed = watched.stop();
        let end = server.stop()?;
        shown.phase(LivePhase::Restarting);
        let check = || self.check_interruption();
        let left_ns = loaded.report.ended_ns;
        let restart =
            aftermath::restart(testbed, &settings.server, &settings.after, left_ns, check)?;
        Ok(Observed {
            effective,
            predictions,
            before,
            loaded,
            probed,
            after,
            counted_ns,
            end,
            restart,
            after_seconds: loaded_at.elapsed().as_secs_f64(),
        })
    }

    fn check_interruption(&self) -> Result<()> {
        let others_end = self.others.is_some_and(Others::are_ending);
        match others_end || self.interrupted.load(Ordering::Relaxed) {
            true => Err(LabError::Interrupted),
            false => Ok(()),
        }
    }
}

type Counters = (linux_net::Counters, linux_net::Counters);

fn counters(testbed: &dyn Testbed) -> Result<Counters> {
    Ok((testbed.counters(Role::Server)?, testbed.counters(Role::Client)?))
}
