//! Where servers and loads run: processes of this executable, in a network namespace.

use std::env;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use chat_server::{ServerCommand, ServerEvent, ServerProtocol, ServerResponse, ServerSettings};
use linux_net::{NamespaceFactory, NetworkNamespace, SysctlName};
use load_generator::{LoadConfig, LoadProtocol};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::metrics::most_memory_bytes;
use worker::{Client, Protocol, RESPONSE_TIMEOUT, WorkerError, config_arguments, spawn};

use crate::bare::{self, BareEvent, BareLoop, BareProtocol, BareReport};
use crate::error::{BenchError, Result};

/// The longest that a loop or a load may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20 * 60);

/// Open files of a process: of a server of 9,000 clients, and what it opens besides.
const OPEN_FILES: u64 = 10_000;

/// The sysctls of every measurement: no queue overflows, no port is missing, and no timer paces
/// what is sent, as BBR's do, also on loopback.
const SYSCTLS: [(&str, &str); 4] = [
    ("net.ipv4.tcp_congestion_control", "reno"),
    ("net.core.somaxconn", "32768"),
    ("net.ipv4.tcp_max_syn_backlog", "32768"),
    ("net.ipv4.ip_local_port_range", "1024 65535"),
];

/// The backlog of the servers.
const BACKLOG: i32 = 32_768;

/// Makes a place for each measurement.
#[derive(Debug)]
pub(crate) struct Testbed {
    factory: NamespaceFactory,
    executable: PathBuf,
}

impl Testbed {
    /// Must be made by the first thread, before there is another one.
    ///
    /// # Errors
    /// If the kernel refuses namespaces or enough open files.
    pub(crate) fn new() -> Result<Self> {
        linux_net::enter_user_namespace()?;
        linux_net::raise_open_files(OPEN_FILES)?;
        let executable = env::current_exe()
            .map_err(|source| BenchError::System { what: "find this program", source })?;
        Ok(Self { factory: NamespaceFactory::new()?, executable })
    }

    /// A namespace for one measurement: no port or counter of another one matters.
    pub(crate) fn place(&self) -> Result<Place<'_>> {
        let namespace = self.factory.create()?;
        let sysctls = SYSCTLS.map(|(name, value)| {
            (name.parse::<SysctlName>().expect("the name of a sysctl"), value.to_owned())
        });
        namespace.apply_sysctls(&sysctls)?;
        Ok(Place { testbed: self, namespace })
    }
}

/// The network namespace of one measurement.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    testbed: &'a Testbed,
    namespace: NetworkNamespace,
}

impl Place<'_> {
    /// Starts a server with these settings, at an address of its own.
    pub(crate) fn server(&self, settings: ServerSettings) -> Result<ChatServer> {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let settings = ServerSettings { address, port: 0, backlog: BACKLOG, ..settings };
        let mut client = self.start::<ServerProtocol>(&settings)?;
        let (address, pid) =
            client.await_event("listening", RESPONSE_TIMEOUT, |event| match event {
                ServerEvent::Listening { address, pid } => Some(Ok((address, pid))),
                _ => None,
            })?;
        Ok(ChatServer { address, pid, client })
    }

    /// Starts a load.
    pub(crate) fn load(&self, config: &LoadConfig) -> Result<Client<LoadProtocol>> {
        self.start(config)
    }

    /// Starts a loop that connects.
    pub(crate) fn bare_client(&self, config: &BareLoop) -> Result<BareClient> {
        Ok(BareClient(self.start(config)?))
    }

    /// Starts a loop that listens.
    pub(crate) fn bare_server(&self, config: &BareLoop) -> Result<BareServer> {
        let mut client = self.start::<BareProtocol>(config)?;
        let address = client.await_event("listening", RESPONSE_TIMEOUT, |event| match event {
            BareEvent::Listening { address } => Some(Ok(address)),
            BareEvent::Done(_) => None,
        })?;
        Ok(BareServer { address, client: BareClient(client) })
    }

    fn start<P: Protocol>(&self, config: &impl Serialize) -> Result<Client<P>> {
        let mut command = Command::new(&self.testbed.executable);
        command.args(config_arguments::<P>(config));
        self.namespace.enter_on_exec(&mut command);
        Ok(Client::new(spawn(P::NAME, command)?))
    }
}

/// A running server; dropping it kills it.
#[derive(Debug)]
pub(crate) struct ChatServer {
    pub(crate) address: SocketAddr,
    pid: u32,
    client: Client<ServerProtocol>,
}

impl ChatServer {
    /// Waits until it serves this many clients: to those that it has not accepted, nothing is
    /// delivered.
    pub(crate) fn await_clients(&mut self, clients: u32) -> Result<()> {
        let began = Instant::now();
        loop {
            let status = |response| match response {
                ServerResponse::Status(status) => Some(status),
                _ => None,
            };
            let status = self.client.request("status", ServerCommand::Status, status)?;
            if status.clients >= u64::from(clients) {
                return Ok(());
            }
            if began.elapsed() > PATIENCE {
                let (worker, awaited, waited) = (ServerProtocol::NAME, "clients", PATIENCE);
                return Err(WorkerError::Timeout { worker, awaited, waited }.into());
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Its largest resident memory so far (VmHWM), bytes.
    pub(crate) fn peak_memory(&self) -> Result<f64> {
        let path = PathBuf::from(format!("/proc/{}/status", self.pid));
        let peak = fs::read_to_string(&path).and_then(|status| {
            most_memory_bytes(&status).ok_or_else(|| io::Error::other("it has no VmHWM"))
        });
        peak.map(|bytes| bytes as f64).map_err(|source| BenchError::Input { path, source })
    }
}

/// A running loop that ends by itself.
#[derive(Debug)]
pub(crate) struct BareClient(Client<BareProtocol>);

impl BareClient {
    /// Waits until it has ended.
    pub(crate) fn report(mut self) -> Result<BareReport> {
        let report = self.0.await_event("report", PATIENCE, |event| match event {
            BareEvent::Done(report) => Some(Ok(report)),
            BareEvent::Listening { .. } => None,
        })?;
        Ok(report)
    }
}

/// A running loop that listens; dropping it kills it.
#[derive(Debug)]
pub(crate) struct BareServer {
    pub(crate) address: SocketAddr,
    pub(crate) client: BareClient,
}

/// Runs the worker that the first argument names; `None` if it names none.
pub(crate) fn run_worker(arguments: &[String]) -> Option<Result<()>> {
    let worker = arguments.get(1)?.as_str();
    Some(match worker {
        ServerProtocol::NAME => {
            config(arguments).and_then(|settings| Ok(chat_server::run_worker(&settings, true)?))
        }
        LoadProtocol::NAME => config(arguments).and_then(|load: LoadConfig| {
            Ok(load_generator::run_worker(&load.within_cpus(), true)?)
        }),
        BareProtocol::NAME => config(arguments).and_then(|config| {
            bare::run_worker(&config).map_err(|error| BenchError::Loop(error.to_string()))
        }),
        _ => return None,
    })
}

fn config<T: DeserializeOwned>(arguments: &[String]) -> Result<T> {
    let json = arguments.last().map_or("", |json| json);
    serde_json::from_str(json).map_err(|error| BenchError::System {
        what: "read the configuration of a worker",
        source: error.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_of_workers_are_workers() {
        let arguments = |name: &str| ["bench", name].map(str::to_owned);
        assert!(run_worker(&arguments("deliveries")).is_none());
        assert!(run_worker(&arguments("bench")[..1]).is_none());
        assert!(run_worker(&arguments("bare")).is_some_and(|done| done.is_err()));
    }
}
