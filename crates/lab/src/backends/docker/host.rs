//! A host: a container whose first process is the agent.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, StartContainerOptions,
};
use indexmap::IndexMap;
use linux_net::StateCounts;
use serde::de::DeserializeOwned;
use worker::{RESPONSE_TIMEOUT, Worker, WorkerControl};

use super::agent_line::AgentLine;
use super::engine::Engine;
use super::error::{DockerError, Result};
use super::labels::TRIAL_LABEL;
use super::network::{Lease, Network, PREFIX};
use super::recipe::{ContainerLimits, HostKind, MIB, body, setter};
use crate::agent::{AgentCommand, HostConnections};
use crate::backend::Purpose;

/// How Docker names a container's end of its link.
const INTERFACE: &str = "eth0";
/// How long the last segments of connections that are ending can take.
const ENDING_WITHIN: Duration = Duration::from_millis(300);
/// Connections of earlier trials that the firewall of a host may still remember
/// (for two minutes after their end): far fewer than it has room for, so that
/// it never drops a packet for want of it.
const MOST_TRACKED: u64 = 4096;

/// A running container, and the line to its agent.
#[derive(Debug)]
pub(super) struct Host {
    engine: Arc<Engine>,
    pub(super) kind: HostKind,
    id: String,
    name: String,
    /// Its addresses, the container's own first.
    pub(super) addresses: Vec<IpAddr>,
    /// Whether it keeps metrics of peers between connections.
    pub(super) saves_metrics: bool,
    memory: u64,
    clients: u32,
    line: Arc<AgentLine>,
    parts: AtomicU64,
    /// Ids of hosts that it has been joined with.
    known: Mutex<HashSet<String>>,
    _lease: Lease,
}

impl Host {
    /// Starts the `number`th of a run; `purpose` is what it is created for,
    /// `late` are the sysctls to be set after the others.
    pub(super) fn start(
        engine: &Arc<Engine>,
        lease: Lease,
        limits: &ContainerLimits,
        kind: &HostKind,
        late: &HashSet<String>,
        number: u32,
        purpose: Purpose,
    ) -> Result<Self> {
        let (network, addresses) = (lease.network(), lease.addresses());
        let name = format!("{}-{}-{number}", network.name, kind.role.name());
        let mut body = body(kind, late, limits, network, addresses[0]);
        let labels = body.labels.get_or_insert_default();
        labels.insert(TRIAL_LABEL.to_owned(), purpose.to_string());
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let doing = format!("create the {} container", kind.role.name());
        let created = engine.docker().create_container(Some(options), body);
        let id = engine.call(&doing, created)?.id;
        // From here on its drop removes it.
        let mut host = Self {
            engine: Arc::clone(engine),
            kind: kind.clone(),
            id,
            name,
            addresses: addresses.into_iter().map(IpAddr::V4).collect(),
            saves_metrics: true,
            memory: limits.memory(),
            clients: limits.needs.clients,
            line: Arc::default(),
            parts: AtomicU64::new(0),
            known: Mutex::default(),
            _lease: lease,
        };
        host.attach()?;
        host.start_container()?;
        host.set_late(late, limits, purpose)?;
        host.settle(limits)?;
        Ok(host)
    }

    fn start_container(&self) -> Result<()> {
        let doing = format!("start the {} container", self.kind.role.name());
        let docker = self.engine.docker();
        let started = docker.start_container(&self.id, None::<StartContainerOptions>);
        self.engine.call(&doing, started).map_err(|error| self.start_refused(error))
    }

    /// Sets the sysctls that were refused beside the others, now that those are
    /// set: each by a container that joins this one's network namespace.
    fn set_late(
        &self,
        late: &HashSet<String>,
        limits: &ContainerLimits,
        purpose: Purpose,
    ) -> Result<()> {
        for (setting, (sysctl, value)) in self.kind.sysctls_set_late(late).enumerate() {
            let mut body = setter(&self.id, sysctl, value, limits);
            let labels = body.labels.get_or_insert_default();
            labels.insert(TRIAL_LABEL.to_owned(), purpose.to_string());
            let name = format!("{}-set-{setting}", self.name);
            let options = CreateContainerOptionsBuilder::default().name(&name).build();
            let doing = format!("set {sysctl} in the {} container", self.kind.role.name());
            let docker = self.engine.docker();
            let id = self.engine.call(&doing, docker.create_container(Some(options), body))?.id;
            let started = docker.start_container(&id, None::<StartContainerOptions>);
            let set = self.engine.call(&doing, started).map_err(|error| self.start_refused(error));
            let removed = self.engine.remove_container(&id);
            // The first error explains more than the second.
            set?;
            removed?;
        }
        Ok(())
    }

    fn attach(&mut self) -> Result<()> {
        let options = AttachContainerOptionsBuilder::default()
            .stream(true)
            .stdin(true)
            .stdout(true)
            .stderr(true)
            .build();
        let attached = self.engine.docker().attach_container(&self.id, Some(options));
        let doing = format!("attach to the {} container", self.kind.role.name());
        let streams = self.engine.call(&doing, attached)?;
        self.line = AgentLine::open(self.engine.handle(), streams);
        Ok(())
    }

    fn settle(&mut self, limits: &ContainerLimits) -> Result<()> {
        let others = self.addresses.get(1..).unwrap_or_default();
        if !others.is_empty() {
            self.ask::<()>(AgentCommand::AddAddresses {
                interface: INTERFACE.to_owned(),
                addresses: others.to_vec(),
                prefix: PREFIX,
            })?;
        }
        self.ask::<()>(AgentCommand::AllowFiles { needed: limits.needs.open_files() })?;
        let sysctls = self.sysctls()?;
        let unsaved =
            sysctls.get(linux_net::Sysctl::TcpNoMetricsSave.name()).is_some_and(|v| v != "0");
        self.saves_metrics = !unsaved;
        Ok(())
    }

    /// Attributes a failed start to the sysctl that caused it.
    fn start_refused(&self, error: DockerError) -> DockerError {
        let DockerError::Refused { words, .. } = &error else { return error };
        let named = |name: &&String| {
            // The one by which the kernel names it, or its file.
            words.contains(name.as_str()) || words.contains(&name.replace('.', "/"))
        };
        // Of two that are named, the longer: the other is the start of it.
        match self.kind.sysctls.keys().filter(named).max_by_key(|name| name.len()) {
            Some(name) => DockerError::SysctlRefused {
                host: self.kind.role.name(),
                name: name.clone(),
                words: words.clone(),
            },
            None => error,
        }
    }

    /// Asks its agent, and waits for the answer.
    pub(super) fn ask<T: DeserializeOwned>(&self, command: AgentCommand) -> Result<T> {
        let answers = self.line.request(command);
        let host = self.kind.role.name();
        match answers.recv_timeout(RESPONSE_TIMEOUT) {
            Ok(Ok(result)) => serde_json::from_value(result).map_err(|error| {
                DockerError::HostFailed { host, reason: format!("parse a response: {error}") }
            }),
            Ok(Err(reason)) => Err(DockerError::HostFailed { host, reason }),
            Err(RecvTimeoutError::Timeout) => Err(DockerError::HostSilent {
                host,
                container: self.name.clone(),
                waited: RESPONSE_TIMEOUT,
            }),
            Err(RecvTimeoutError::Disconnected) => Err(match self.line.incompatibility() {
                Some(error) => DockerError::HostFailed { host, reason: error.to_string() },
                None => self.ended(),
            }),
        }
    }

    /// Its sysctls: those that decide how connections queue, and those that
    /// were asked for.
    pub(super) fn sysctls(&self) -> Result<IndexMap<String, String>> {
        self.ask(AgentCommand::Sysctls { names: self.kind.sysctls.keys().cloned().collect() })
    }

    /// Starts `queuelab <arguments>` in it.
    pub(super) fn start_worker(&self, name: &'static str, arguments: &[String]) -> Result<Worker> {
        let number = self.parts.fetch_add(1, Ordering::Relaxed) as u32;
        let (line_sender, lines) = channel();
        let (end_sender, ends) = channel();
        self.line.expect(number, line_sender, end_sender);
        self.ask::<()>(AgentCommand::Start { worker: number, arguments: arguments.to_vec() })?;
        let control = Remote { line: Arc::clone(&self.line), worker: number };
        Ok(Worker::new(name, Box::new(control), lines, ends))
    }

    /// Whether the next trial would find it as if it were new: no socket of an
    /// earlier one in any state, nothing learnt about a peer, and few
    /// connections that the firewall still remembers. Connections that are just
    /// ending are given a moment.
    pub(super) fn is_as_new(&self) -> bool {
        if self.saves_metrics || self.limit_was_hit().unwrap_or(true) {
            return false;
        }
        let deadline = Instant::now() + ENDING_WITHIN;
        loop {
            let Ok(remains) = self.ask::<HostConnections>(AgentCommand::Connections) else {
                return false;
            };
            let StateCounts { syn_recv, time_wait, fin_wait2, .. } = remains.sockets;
            let lasting = syn_recv + time_wait + fin_wait2;
            let tracked = remains.tracked.unwrap_or(0);
            match remains.sockets.total() - remains.sockets.listen {
                // A listener may be the engine's own, for names.
                0 => return tracked <= MOST_TRACKED,
                _ if lasting > 0 || Instant::now() >= deadline => return false,
                _ => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// Fails where the host is not what it was: ended, or out of memory.
    pub(super) fn verify(&self) -> Result<()> {
        if self.limit_was_hit()? {
            return Err(self.out_of_memory());
        }
        Ok(())
    }

    fn limit_was_hit(&self) -> Result<bool> {
        let kills: Option<u64> = self.ask(AgentCommand::MemoryKills)?;
        Ok(kills.is_some_and(|kills| kills > 0))
    }

    fn out_of_memory(&self) -> DockerError {
        DockerError::OutOfMemory {
            host: self.kind.role.name(),
            limit_mib: self.memory / MIB,
            clients: self.clients,
        }
    }

    /// Whether it has been joined with that host before; from now on it has.
    pub(super) fn knows(&self, other: &Self) -> bool {
        !self.known.lock().expect("the set is never poisoned").insert(other.id.clone())
    }

    /// Why its agent has gone.
    fn ended(&self) -> DockerError {
        let last_words = self.line.last_stderr();
        match self.engine.what_ended(&self.id) {
            Err(error) => error,
            Ok(end) if end.out_of_memory => self.out_of_memory(),
            Ok(end) => DockerError::HostEnded {
                host: self.kind.role.name(),
                container: self.name.clone(),
                what: match last_words.is_empty() {
                    true => end.what,
                    false => format!("{}: {last_words}", end.what),
                },
            },
        }
    }

    /// Why it is no longer connected to the network; `None` if it is.
    pub(super) fn link_fault(&self, network: &Network) -> Result<Option<String>> {
        self.engine.link_fault(network, &self.id, &self.name)
    }
}

impl Drop for Host {
    /// Removes the container in any state.
    fn drop(&mut self) {
        // It may have gone by itself; what is left for another reason, the
        // next run removes.
        let _ = self.engine.remove_container(&self.id);
    }
}

/// A part in a container.
#[derive(Debug)]
struct Remote {
    line: Arc<AgentLine>,
    worker: u32,
}

impl WorkerControl for Remote {
    fn send_line(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).into_owned();
        self.line.send_command(AgentCommand::Send { worker: self.worker, line });
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.line.send_command(AgentCommand::Kill { worker: self.worker });
    }
}
