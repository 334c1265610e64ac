//! A host: a container whose first process is the agent.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
use super::usage::RunUsage;
use crate::agent::{AgentCommand, EXIT_TURN, HostConnections, exit_turn};
use crate::backend::Purpose;

/// Docker's name of a container's network interface.
const INTERFACE: &str = "eth0";
/// Maximum time for the last segments of closing connections.
const ENDING_WITHIN: Duration = Duration::from_millis(300);
/// Connections of earlier trials that the firewall of a host may still track (for two
/// minutes after their end): far below its limit, so that it never drops a packet.
const MAX_TRACKED: u64 = 4096;

/// A running container, and the connection to its agent.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) engine: Arc<Engine>,
    pub(super) kind: HostKind,
    pub(super) id: String,
    pub(super) name: String,
    /// The labels of its container.
    pub(super) labels: HashMap<String, String>,
    /// Whether the container of an image has joined it.
    pub(super) was_joined: AtomicBool,
    /// The host's addresses, the container's own first.
    pub(super) addresses: Vec<IpAddr>,
    /// Whether the host's kernel stores metrics of peers between connections.
    pub(super) saves_metrics: bool,
    memory: u64,
    clients: u32,
    line: Arc<AgentLine>,
    workers: AtomicU64,
    /// Ids of the hosts that it has been joined with.
    joined: Mutex<HashSet<String>>,
    _lease: Lease,
}

impl Host {
    /// Starts the `number`th host of a run for `purpose`; the `late` sysctls are set
    /// after the others.
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
        let labels = labels.clone();
        body.env = Some(vec![format!("{EXIT_TURN}={}", exit_turn(number))]);
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let intent = format!("create the {} container", kind.role.name());
        let created = engine.docker().create_container(Some(options), body);
        let id = engine.call(&intent, created)?.id;
        // From now on dropping it removes it.
        let mut host = Self {
            engine: Arc::clone(engine),
            kind: kind.clone(),
            id,
            name,
            labels,
            was_joined: AtomicBool::new(false),
            addresses: addresses.into_iter().map(IpAddr::V4).collect(),
            saves_metrics: true,
            memory: limits.memory(),
            clients: limits.needs.clients,
            line: Arc::default(),
            workers: AtomicU64::new(0),
            joined: Mutex::default(),
            _lease: lease,
        };
        host.attach()?;
        host.start_container()?;
        host.set_late(late, limits, purpose)?;
        host.settle(limits)?;
        Ok(host)
    }

    fn start_container(&self) -> Result<()> {
        let intent = format!("start the {} container", self.kind.role.name());
        let docker = self.engine.docker();
        let started = docker.start_container(&self.id, None::<StartContainerOptions>);
        self.engine.call_on_network(&intent, started).map_err(|error| self.start_refused(error))
    }

    /// Sets the sysctls that were refused together with the others, each with a container
    /// that joins this one's network namespace.
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
            let intent = format!("set {sysctl} in the {} container", self.kind.role.name());
            let docker = self.engine.docker();
            let id = self.engine.call(&intent, docker.create_container(Some(options), body))?.id;
            let started = docker.start_container(&id, None::<StartContainerOptions>);
            let set = self.engine.call(&intent, started).map_err(|error| self.start_refused(error));
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
        let intent = format!("attach to the {} container", self.kind.role.name());
        let streams = self.engine.call(&intent, attached)?;
        self.line = AgentLine::open(self.engine.handle(), streams);
        Ok(())
    }

    fn settle(&mut self, limits: &ContainerLimits) -> Result<()> {
        let others = self.addresses.get(1..).unwrap_or_default();
        if !others.is_empty() {
            self.request::<()>(AgentCommand::AddAddresses {
                interface: INTERFACE.to_owned(),
                addresses: others.to_vec(),
                prefix: PREFIX,
            })?;
        }
        self.request::<()>(AgentCommand::AllowFiles { needed: limits.needs.open_files() })?;
        let sysctls = self.sysctls()?;
        let unsaved =
            sysctls.get(linux_net::Sysctl::TcpNoMetricsSave.name()).is_some_and(|v| v != "0");
        self.saves_metrics = !unsaved;
        Ok(())
    }

    /// Attributes a failed start to the sysctl that caused it.
    fn start_refused(&self, error: DockerError) -> DockerError {
        let DockerError::Refused { message, .. } = &error else { return error };
        let named = |name: &&String| {
            // The name of the sysctl, or of its file.
            message.contains(name.as_str()) || message.contains(&name.replace('.', "/"))
        };
        // If two match, the longer one, because the other is a prefix of it.
        match self.kind.sysctls.keys().filter(named).max_by_key(|name| name.len()) {
            Some(name) => DockerError::SysctlRefused {
                host: self.kind.role.name(),
                name: name.clone(),
                message: message.clone(),
            },
            None => error,
        }
    }

    /// Sends a request to the host's agent, and waits for the response.
    pub(super) fn request<T: DeserializeOwned>(&self, command: AgentCommand) -> Result<T> {
        let replies = self.line.request(command);
        let host = self.kind.role.name();
        match replies.recv_timeout(RESPONSE_TIMEOUT) {
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

    /// The host's sysctls: those that affect how connections queue, and the requested ones.
    pub(super) fn sysctls(&self) -> Result<IndexMap<String, String>> {
        self.request(AgentCommand::Sysctls { names: self.kind.sysctls.keys().cloned().collect() })
    }

    /// Starts `queuelab <arguments>` in the host.
    pub(super) fn start_worker(&self, name: &'static str, arguments: &[String]) -> Result<Worker> {
        let number = self.workers.fetch_add(1, Ordering::Relaxed) as u32;
        let (line_sender, lines) = channel();
        let (end_sender, ends) = channel();
        self.line.expect(number, line_sender, end_sender);
        self.request::<()>(AgentCommand::Start { worker: number, arguments: arguments.to_vec() })?;
        let control = RemoteWorker { line: Arc::clone(&self.line), worker: number };
        Ok(Worker::new(name, Box::new(control), lines, ends))
    }

    /// Adds it to the hosts whose CPU time is the run's own.
    pub(super) fn report_usage_to(&self, usage: &RunUsage) {
        usage.add(&self.id, &self.line);
    }

    /// Whether it is in the state of a new host: without sockets of an earlier trial in
    /// any state, without metrics of peers, and with few connections that the firewall
    /// still tracks; and no foreign process has been in it. Waits a moment for closing
    /// connections.
    pub(super) fn is_pristine(&self) -> bool {
        let was_joined = self.was_joined.load(Ordering::Relaxed);
        if was_joined || self.saves_metrics || self.limit_was_hit().unwrap_or(true) {
            return false;
        }
        let deadline = Instant::now() + ENDING_WITHIN;
        loop {
            let Ok(connections) = self.request::<HostConnections>(AgentCommand::Connections) else {
                return false;
            };
            let StateCounts { syn_recv, time_wait, fin_wait2, .. } = connections.sockets;
            let lasting = syn_recv + time_wait + fin_wait2;
            let tracked = connections.tracked.unwrap_or(0);
            match connections.sockets.total() - connections.sockets.listen {
                // A listener may be the engine's own, for name resolution.
                0 => return tracked <= MAX_TRACKED,
                _ if lasting > 0 || Instant::now() >= deadline => return false,
                _ => std::thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    /// Fails if the host has ended or is out of memory.
    pub(super) fn verify(&self) -> Result<()> {
        if self.limit_was_hit()? {
            return Err(self.out_of_memory());
        }
        Ok(())
    }

    fn limit_was_hit(&self) -> Result<bool> {
        let kills: Option<u64> = self.request(AgentCommand::MemoryKills)?;
        Ok(kills.is_some_and(|kills| kills > 0))
    }

    fn out_of_memory(&self) -> DockerError {
        DockerError::OutOfMemory {
            host: self.kind.role.name(),
            limit_mib: self.memory / MIB,
            clients: self.clients,
        }
    }

    /// Whether the host was joined with the other before; records that it is now.
    pub(super) fn was_joined_with(&self, other: &Self) -> bool {
        !self.joined.lock().expect("the set is never poisoned").insert(other.id.clone())
    }

    /// Why the host's agent has ended.
    fn ended(&self) -> DockerError {
        let stderr = self.line.last_stderr();
        match self.engine.container_end_of(&self.id) {
            Err(error) => error,
            Ok(end) if end.out_of_memory => self.out_of_memory(),
            Ok(end) => DockerError::HostEnded {
                host: self.kind.role.name(),
                container: self.name.clone(),
                what: match stderr.is_empty() {
                    true => end.what,
                    false => format!("{}: {stderr}", end.what),
                },
            },
        }
    }

    /// Why the host is no longer connected to the network; `None` if it is connected.
    pub(super) fn link_fault(&self, network: &Network) -> Result<Option<String>> {
        self.engine.link_fault(network, &self.id, &self.name)
    }
}

impl Drop for Host {
    /// Removes the container in any state.
    fn drop(&mut self) {
        // It may already be removed; if it cannot be, the next run removes it.
        let _ = self.engine.remove_container(&self.id);
    }
}

/// A worker in a container.
#[derive(Debug)]
struct RemoteWorker {
    line: Arc<AgentLine>,
    worker: u32,
}

impl WorkerControl for RemoteWorker {
    fn send_line(&mut self, line: &[u8]) {
        let line = String::from_utf8_lossy(line).into_owned();
        self.line.send_command(AgentCommand::Send { worker: self.worker, line });
    }
}

impl Drop for RemoteWorker {
    fn drop(&mut self) {
        self.line.send_command(AgentCommand::Kill { worker: self.worker });
    }
}
