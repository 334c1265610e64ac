//! The program with its worker: `queuelab program`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use linux_net::{SocketDiag, monotonic_ns};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill};
use nix::sys::time::TimeVal;
use pattern::Patterns;
use signal_hook::consts::{SIGCHLD, SIGINT, SIGTERM};
use worker::metrics::{ProgramEnd, ProgramReport};
use worker::{Input, Inputs, Message, Output, Request};

use crate::check::{check_settings, signal};
use crate::control::{
    ProgramCommand, ProgramEvent, ProgramListener, ProgramProtocol, ProgramResponse, ProgramStatus,
};
use crate::error::ProgramError;
use crate::processes::{self, Reaper};
use crate::ready::{Awaited, Listening, Opening};
use crate::settings::{CommandServer, ProgramConfig};
use crate::start::{Started, start};
use crate::watchdog::{Watchdog, default_memory_bytes};

/// The size of the private file system, bytes.
const PRIVATE_BYTES: u64 = 64 << 20;

/// Time between two looks for the listener.
const READY_INTERVAL: Duration = Duration::from_millis(2);

/// Time that killed processes have to go; the kernel may be writing for them.
const KILLED_WITHIN: Duration = Duration::from_secs(10);

type Result<T> = std::result::Result<T, ProgramError>;

/// Runs a program as a server in this process's network namespace until it is stopped, and
/// writes each [`crate::ProgramMessage`] as a JSON line to standard output: first `Listening`,
/// last `Ended`; or only `failed` if it does not become ready.
///
/// SIGTERM, SIGINT, a [`ProgramCommand::Stop`] on standard input and its end stop it.
///
/// The process must have one thread: another one, the first of a new PID namespace, does the
/// work ([`linux_net::enter_pid_namespace`]).
///
/// # Errors
/// The error that `failed` reports.
pub fn run_worker(config: &ProgramConfig) -> Result<()> {
    worker::serve(true, |output: Output<ProgramProtocol>| {
        let mut problems = check_settings(&config.settings, &mut Patterns::default());
        problems.retain(|problem| !(config.any_port && problem.field == "port"));
        if !problems.is_empty() {
            return Err(ProgramError::Settings(problems));
        }
        linux_net::enter_pid_namespace(PRIVATE_BYTES).map_err(ProgramError::Isolate)?;
        debug_assert!(processes::is_first());
        let inputs = Inputs::new(&[SIGTERM, SIGINT], true)
            .map_err(|source| ProgramError::Channel { what: "catch signals", source })?;
        let mut program = Program::start(config, &inputs)?;
        match program.await_ready(&inputs)? {
            None => {}
            Some(Ready { address, reachable }) => {
                if config.settings.paused {
                    processes::signal_all(Signal::SIGSTOP);
                }
                output.event(ProgramEvent::Listening { address, reachable })?;
                program.serve(&inputs, output)?;
            }
        }
        let report = program.stop();
        Ok(output.event(ProgramEvent::Ended(Box::new(report)))?)
    })
}

/// What a program that is ready listens on.
struct Ready {
    address: SocketAddr,
    reachable: Vec<ProgramListener>,
}

/// A program that was started.
struct Program<'a> {
    settings: &'a CommandServer,
    more_ports: &'a [u16],
    /// Its listeners, if it may listen on any port.
    opening: Option<Opening>,
    diag: SocketDiag,
    started: Started,
    started_at: Instant,
    reaper: Arc<Reaper>,
    watchdog: Watchdog,
    report: ProgramReport,
}

impl<'a> Program<'a> {
    fn start(config: &'a ProgramConfig, inputs: &Inputs<ProgramCommand>) -> Result<Self> {
        let settings = &config.settings;
        let limits = &settings.limits;
        let memory_bytes =
            limits.memory_mib.map_or_else(default_memory_bytes, |mib| mib.saturating_mul(1 << 20));
        let diag = SocketDiag::open()?;
        let started_at = Instant::now();
        let started = start(config, memory_bytes)?;
        let reaper = Arc::new(Reaper::new(started.pid));
        let watchdog =
            Watchdog { processes: limits.processes, memory_bytes, killed: Arc::default() };
        let (reaps, watches, sender) = (Arc::clone(&reaper), watchdog.clone(), inputs.sender());
        processes::spawn("reaper", move || {
            // The controller has gone: then this process ends anyway.
            reaps.run(|| drop(sender.send(Input::Signal(SIGCHLD))));
        })
        .and_then(|()| processes::spawn("watchdog", move || watches.run()))
        .map_err(|source| ProgramError::Channel { what: "start a thread", source })?;
        let report = ProgramReport::default();
        let opening = config.any_port.then(Opening::default);
        let more_ports = &config.more_ports;
        Ok(Self {
            settings,
            more_ports,
            opening,
            diag,
            started,
            started_at,
            reaper,
            watchdog,
            report,
        })
    }

    /// Waits until it is ready; `None` if it is to be stopped before.
    ///
    /// # Errors
    /// If it ends, or does not become ready in its time.
    fn await_ready(&mut self, inputs: &Inputs<ProgramCommand>) -> Result<Option<Ready>> {
        let within = self.settings.ready.within;
        let all = Awaited::from(self.settings).with_ports(self.more_ports);
        let deadline = self.started_at + within;
        loop {
            let listeners = self.diag.listeners()?;
            let (awaited, mut found) = Awaited::find_all(&all, &listeners);
            let mut is_given_up = false;
            if let Some(opening) = &mut self.opening {
                (found, is_given_up) = opening.find(&listeners, Instant::now());
            }
            if let Listening::Here(listener) = found
                && (self.settings.ready.line.is_none() || self.started.output.has_matched())
            {
                self.report.ready_seconds = self.started_at.elapsed().as_secs_f64();
                self.report.listeners =
                    listeners.iter().map(|listener| listener.local.to_string()).collect();
                let reachable = ProgramListener::reachable(&listeners);
                return Ok(Some(Ready { address: listener.local, reachable }));
            }
            if is_given_up || Instant::now() >= deadline {
                let within = format!("within {}", humantime::format_duration(within));
                return Err(self.not_ready(awaited.reason(found, &within)));
            }
            match inputs.wait_timeout(READY_INTERVAL) {
                Some(Input::Signal(SIGCHLD)) => {
                    let end = self.reaper.status().unwrap_or_default();
                    let killed = self.killed_because();
                    let why = killed.map(|why| format!(": {why}")).unwrap_or_default();
                    let port = awaited.port_of();
                    let reason = format!("it ended ({end}{why}) before it listened on {port}");
                    return Err(self.not_ready(reason));
                }
                Some(Input::Request(Request { command: ProgramCommand::Stop, .. }))
                | Some(Input::Signal(_) | Input::Closed) => return Ok(None),
                Some(Input::Request(_) | Input::Heartbeat | Input::Invalid(_)) | None => {}
            }
        }
    }

    fn not_ready(&self, reason: String) -> ProgramError {
        processes::signal_all(Signal::SIGKILL);
        self.started.output.wait();
        let output = self.started.output.clause();
        let program = self.settings.program[0].clone();
        ProgramError::NotReady { program, reason, output }
    }

    /// Handles requests until the program is to be stopped or has ended.
    fn serve(
        &mut self,
        inputs: &Inputs<ProgramCommand>,
        output: Output<ProgramProtocol>,
    ) -> Result<()> {
        loop {
            match inputs.wait() {
                Input::Request(Request { id, command }) => match command {
                    ProgramCommand::Resume => processes::signal_all(Signal::SIGCONT),
                    ProgramCommand::Status => {
                        let status = ProgramResponse::Status(self.status()?);
                        output.respond(id, status)?;
                    }
                    ProgramCommand::Stop => return Ok(()),
                },
                Input::Signal(SIGCHLD) => {
                    self.report.end.died_ns = Some(monotonic_ns());
                    return Ok(());
                }
                Input::Signal(_) | Input::Closed => return Ok(()),
                Input::Invalid(failure) => output.write(&Message::Failed(failure))?,
                Input::Heartbeat => {}
            }
        }
    }

    fn status(&mut self) -> Result<ProgramStatus> {
        let own = self.settings.port;
        let more = self.more_ports.iter().filter(|port| **port != own);
        let mut sockets = Vec::new();
        for port in std::iter::once(&own).chain(more) {
            sockets.append(&mut self.diag.server_sockets(*port)?);
        }
        Ok(ProgramStatus::of(&sockets))
    }

    /// Stops it and waits until no process of it is left.
    fn stop(mut self) -> ProgramReport {
        let signal = signal(&self.settings.stop.signal).expect("checked: it is a signal");
        if self.report.end.died_ns.is_none() {
            let stopping = Instant::now();
            match self.reaper.status() {
                None => drop(kill(self.reaper.main(), signal)),
                // It has put itself into the background.
                Some(_) => processes::signal_all(signal),
            }
            processes::signal_all(Signal::SIGCONT);
            let deadline = stopping + self.settings.stop.grace;
            if !self.await_end(deadline) {
                let left = processes::usage().map_or(1, |usage| usage.processes);
                self.report.end.killed_processes = left;
                processes::signal_all(Signal::SIGKILL);
                self.await_end(Instant::now() + KILLED_WITHIN);
            }
            self.report.end.stop_seconds = Some(stopping.elapsed().as_secs_f64());
        }
        self.started.output.wait();
        let killed_because = self.killed_because();
        let mut report = self.report;
        report.end = ProgramEnd { status: self.reaper.status(), killed_because, ..report.end };
        report.output = self.started.output.kept();
        if let Ok(usage) = getrusage(UsageWho::RUSAGE_CHILDREN) {
            let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
            report.cpu_seconds = Some(seconds(usage.user_time()) + seconds(usage.system_time()));
            report.most_memory_bytes = Some(usage.max_rss().unsigned_abs() * 1024);
        }
        report
    }

    /// Waits until every process has been reaped, at most until `deadline`.
    fn await_end(&self, deadline: Instant) -> bool {
        while !self.reaper.has_ended() {
            if Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(READY_INTERVAL);
        }
        true
    }

    fn killed_because(&self) -> Option<String> {
        self.watchdog.killed.lock().expect("never poisoned").clone()
    }
}
