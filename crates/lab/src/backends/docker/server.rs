//! The container of an image that is the server of a trial.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, InspectContainerOptions,
    KillContainerOptionsBuilder, StartContainerOptions, UploadToContainerOptionsBuilder,
};
use indexmap::IndexMap;
use linux_net::Listener;
use pattern::Pattern;
use program_server::{
    Awaited, ImageServer, Listening, Opening, Output, ProgramListener, ProgramStatus,
};
use run_record::wall_time;
use worker::metrics::ProgramReport;

use super::error::{DockerError, Result};
use super::faults::ContainerEnd;
use super::host::Host;
use super::recipe::MIB;
use super::server_end::{ServerEnd, status_text};
use super::server_recipe::{archive, body};
use crate::agent::{AgentCommand, JoinedProcesses};
use crate::backend::{self, ServerContainer};

/// The engine's own name server in a container's network.
const ENGINE_NAME_SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 11));
/// Time between two looks for the listener.
const READY_INTERVAL: Duration = Duration::from_millis(5);
/// Time that a server that listens has to end nevertheless, which is a clear error then; later it
/// is one that died under its load.
const SETTLED_AFTER: Duration = Duration::from_millis(100);
/// Time that a killed container has to end.
const KILLED_WITHIN: Duration = Duration::from_secs(10);

/// A container of an image, in the network and PID namespaces of a host.
#[derive(Debug)]
pub(super) struct Server<'a> {
    host: &'a Host,
    settings: ImageServer,
    /// More ports that clients connect to.
    more_ports: Vec<u16>,
    id: String,
    /// The limit of its memory, bytes.
    memory: u64,
    started: Instant,
    output: Output,
    end: ServerEnd,
    /// Its listeners, if it may listen on any port.
    opening: Option<Opening>,
    report: ProgramReport,
}

impl<'a> Server<'a> {
    /// Starts the image.
    pub(super) fn start(
        host: &'a Host,
        settings: &ImageServer,
        more_ports: &[u16],
        values: &IndexMap<String, String>,
    ) -> Result<Self> {
        host.was_joined.store(true, Ordering::Relaxed);
        let memory = match settings.limits.memory_mib {
            Some(mib) => mib.saturating_mul(MIB),
            // That of the engine's machine, which need not be the lab's.
            None => host.request(AgentCommand::DefaultMemory)?,
        };
        let invalid = |reason: String| not_ready(settings, reason, String::new());
        let body = body(settings, values, &host.id, host.labels.clone(), memory)
            .map_err(|error| invalid(error.to_string()))?;
        let now = wall_time().as_second().max(0).cast_unsigned();
        let files = archive(&settings.files, values, now).map_err(invalid)?;
        let line = settings.ready.line.as_deref().map(Pattern::compile).transpose();
        let line = line.map_err(|error| invalid(error.to_string()))?;

        let intent = intent(settings);
        let name = format!("{}-image", host.name);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let created = host.engine.docker().create_container(Some(options), body);
        let id = host.engine.call(&intent, created)?.id;
        // From now on dropping it removes it.
        let mut server = Self {
            host,
            settings: settings.clone(),
            more_ports: more_ports.to_vec(),
            id,
            memory,
            started: Instant::now(),
            output: Output::awaiting(line),
            end: ServerEnd::default(),
            opening: (settings.port == 0).then(Opening::default),
            report: ProgramReport::default(),
        };
        server.inspect()?;
        if !settings.files.is_empty() {
            server.put(files)?;
        }
        server.attach()?;
        server.started = Instant::now();
        let docker = host.engine.docker();
        let started = docker.start_container(&server.id, None::<StartContainerOptions>);
        host.engine.call(&intent, started)?;
        Ok(server)
    }

    /// Records the image that the name stood for.
    fn inspect(&mut self) -> Result<()> {
        let engine = &self.host.engine;
        let inspected =
            engine.docker().inspect_container(&self.id, None::<InspectContainerOptions>);
        self.report.image = engine.call(&intent(&self.settings), inspected)?.image;
        Ok(())
    }

    fn put(&self, files: Vec<u8>) -> Result<()> {
        let options = UploadToContainerOptionsBuilder::default()
            .path("/")
            .no_overwrite_dir_non_dir("true")
            .build();
        let body = bollard::body_full(files.into());
        let engine = &self.host.engine;
        let uploaded = engine.docker().upload_to_container(&self.id, Some(options), body);
        engine.call(&format!("put files into the image {}", self.settings.image), uploaded)
    }

    /// Reads its output, from before its start until its end.
    fn attach(&mut self) -> Result<()> {
        let options =
            AttachContainerOptionsBuilder::default().stream(true).stdout(true).stderr(true).build();
        let engine = &self.host.engine;
        let attached = engine.docker().attach_container(&self.id, Some(options));
        let streams = engine.call(&intent(&self.settings), attached)?;
        let (docker, id) = (engine.docker().clone(), self.id.clone());
        self.end = ServerEnd::watch(engine.handle(), docker, id, streams, self.output.clone());
        Ok(())
    }

    fn listeners(&self) -> Result<Vec<Listener>> {
        let mut listeners: Vec<Listener> = self.host.request(AgentCommand::Listeners)?;
        listeners.retain(|listener| listener.local.ip() != ENGINE_NAME_SERVER);
        Ok(listeners)
    }

    /// Waits until it is ready, at most until `until`; whether it is.
    fn is_ready(&mut self, until: Instant) -> Result<bool> {
        let within = self.settings.ready.within;
        let deadline = self.started + within;
        let settings = self.settings.clone();
        let all = Awaited::from(&settings).with_ports(&self.more_ports);
        loop {
            let listeners = self.listeners()?;
            let (awaited, mut found) = Awaited::find_all(&all, &listeners);
            let mut is_given_up = false;
            if let Some(opening) = &mut self.opening {
                (found, is_given_up) = opening.find(&listeners, Instant::now());
            }
            if matches!(found, Listening::Here(_))
                && (self.settings.ready.line.is_none() || self.output.has_matched())
            {
                self.report.ready_seconds = self.started.elapsed().as_secs_f64();
                self.report.listeners =
                    listeners.iter().map(|listener| listener.local.to_string()).collect();
                // Many listen before they put themselves into the background.
                return match self.end.wait(SETTLED_AFTER) {
                    true => Err(self.ended_early()),
                    false => Ok(true),
                };
            }
            if self.end.at_ns().is_some() {
                return Err(self.ended_early());
            }
            let now = Instant::now();
            if is_given_up || now >= deadline {
                let within = format!("within {}", humantime::format_duration(within));
                let reason = awaited.reason(found, &within);
                return Err(not_ready(&self.settings, reason, self.output.clause()));
            }
            if now >= until {
                return Ok(false);
            }
            self.end.wait(READY_INTERVAL);
        }
    }

    fn ended_early(&self) -> DockerError {
        let (status, killed) = match self.how_it_ended() {
            Ok((status, killed)) => (status.unwrap_or_default(), killed),
            Err(error) => return error,
        };
        let why = match killed {
            Some(why) => format!(": {why}"),
            None if status == status_text(0) => {
                ": a container ends with its first process, which must stay in the foreground"
                    .to_owned()
            }
            None => String::new(),
        };
        let until = match self.report.listeners.is_empty() {
            true => format!("before it listened on {}", Awaited::from(&self.settings).port_of()),
            false => "as soon as it listened".to_owned(),
        };
        let reason = format!("it ended ({status}{why}) {until}");
        not_ready(&self.settings, reason, self.output.clause())
    }

    /// Its exit status, and the limit for which it, or a process of it, was killed.
    fn how_it_ended(&self) -> Result<(Option<String>, Option<String>)> {
        let ContainerEnd { out_of_memory, code, .. } =
            self.host.engine.container_end_of(&self.id)?;
        let killed = out_of_memory.then(|| {
            format!(
                "the kernel killed a process of it at its memory limit of {} MiB \
                 (server.image.limits.memory_mib)",
                self.memory / MIB
            )
        });
        Ok((code.map(status_text), killed))
    }

    /// Sends it a signal, unless it has ended meanwhile.
    fn kill(&self, signal: &str) -> Result<()> {
        let options = KillContainerOptionsBuilder::default().signal(signal).build();
        let engine = &self.host.engine;
        let killed = engine.docker().kill_container(&self.id, Some(options));
        match engine.call(&format!("stop the image {}", self.settings.image), killed) {
            Err(DockerError::Refused { status: 404 | 409, .. }) => Ok(()),
            killed => killed,
        }
    }

    fn joined(&self) -> Result<JoinedProcesses> {
        self.host.request(AgentCommand::Joined)
    }

    /// Stops it, and measures how long that takes.
    fn end(&mut self) -> Result<()> {
        let stopping = Instant::now();
        self.kill(&self.settings.stop.signal)?;
        self.host.request::<()>(AgentCommand::ContinueJoined)?;
        if !self.end.wait(self.settings.stop.grace) {
            self.report.end.killed_processes = self.joined()?.processes;
            self.kill("KILL")?;
            self.end.wait(KILLED_WITHIN);
        }
        self.report.end.stop_seconds = Some(stopping.elapsed().as_secs_f64());
        Ok(())
    }
}

impl ServerContainer for Server<'_> {
    fn await_ready(&mut self, at_most: Duration) -> backend::Result<bool> {
        let is_ready = self.is_ready(Instant::now() + at_most)?;
        if is_ready && self.settings.paused {
            self.host.request::<()>(AgentCommand::StopJoined)?;
        }
        Ok(is_ready)
    }

    fn listeners(&self) -> backend::Result<Vec<ProgramListener>> {
        Ok(ProgramListener::reachable(&self.listeners()?))
    }

    fn is_dead(&self) -> bool {
        self.end.at_ns().is_some()
    }

    fn resume(&self) -> backend::Result<()> {
        Ok(self.host.request(AgentCommand::ContinueJoined)?)
    }

    fn status(&self) -> backend::Result<Option<ProgramStatus>> {
        if self.is_dead() {
            return Ok(None);
        }
        let own = self.settings.port;
        let more = self.more_ports.iter().filter(|port| **port != own);
        let mut status = ProgramStatus::default();
        for port in std::iter::once(&own).chain(more) {
            let of_port: ProgramStatus =
                self.host.request(AgentCommand::PortConnections { port: *port })?;
            status.open += of_port.open;
            status.waiting += of_port.waiting;
        }
        Ok(Some(status))
    }

    fn stop(mut self: Box<Self>) -> backend::Result<ProgramReport> {
        self.report.end.died_ns = self.end.at_ns();
        if self.report.end.died_ns.is_none() {
            let joined = self.joined()?;
            self.report.cpu_seconds = Some(joined.cpu_seconds);
            self.report.most_memory_bytes = Some(joined.most_memory_bytes);
            self.end()?;
        }
        (self.report.end.status, self.report.end.killed_because) = self.how_it_ended()?;
        self.report.output = self.output.kept();
        Ok(std::mem::take(&mut self.report))
    }
}

impl Drop for Server<'_> {
    /// Removes the container in any state: before its host, whose processes it is one of.
    fn drop(&mut self) {
        // It may already be removed; if it cannot be, the next run removes it.
        let _ = self.host.engine.remove_container(&self.id);
    }
}

fn intent(settings: &ImageServer) -> String {
    format!("start the image {}", settings.image)
}

fn not_ready(settings: &ImageServer, reason: String, output: String) -> DockerError {
    DockerError::ServerNotReady { image: settings.image.clone(), reason, output }
}
