//! What a backend must give.

use std::net::IpAddr;

use indexmap::IndexMap;
use linux_net::Counters;
use run_record::{AcceptQueue, SysctlValues};

use crate::Part;
use crate::error::Result;

/// Which of a testbed's two hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The host that the server runs in.
    Server,
    /// The host that the load runs in.
    Client,
}

impl Role {
    /// `server` or `client`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::Client => "client",
        }
    }
}

/// What a trial asks of its testbed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestbedSpec {
    /// Sysctls of the server's host.
    pub server_sysctls: IndexMap<String, String>,
    /// Sysctls of the client's host.
    pub client_sysctls: IndexMap<String, String>,
    /// Addresses of the client's host.
    pub source_addresses: u32,
}

impl TestbedSpec {
    /// What a cell's settings ask for.
    pub fn of(settings: &scenario::CellSettings) -> Self {
        let written = |host: &scenario::Host| {
            host.sysctls.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
        };
        Self {
            server_sysctls: written(&settings.hosts.server),
            client_sysctls: written(&settings.hosts.client),
            source_addresses: settings.load.source_addresses,
        }
    }
}

/// The addresses of a testbed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// The server's host.
    pub server: IpAddr,
    /// The client's host.
    pub client: Vec<IpAddr>,
}

/// Makes testbeds.
pub trait Backend {
    /// How a run directory names it.
    fn describe(&self) -> run_record::Backend;

    /// A new testbed, its sysctls applied and read back.
    ///
    /// # Errors
    /// When the machine refuses it, or a sysctl.
    fn testbed(&self, spec: &TestbedSpec) -> Result<Box<dyn Testbed>>;
}

/// Two hosts, joined by a link, with nothing else on it. Dropping it ends them.
pub trait Testbed {
    /// Its addresses.
    fn addresses(&self) -> &Addresses;

    /// The sysctls asked for, as read back.
    fn sysctls(&self) -> &SysctlValues;

    /// Every sysctl that decides how connections queue, asked for or not.
    ///
    /// # Errors
    /// When they cannot be read.
    fn effective_sysctls(&self) -> Result<SysctlValues>;

    /// A host's counters now.
    ///
    /// # Errors
    /// When they cannot be read.
    fn counters(&self, role: Role) -> Result<Counters>;

    /// The accept queue of the listener on `port` in the server's host, if
    /// there is one.
    ///
    /// # Errors
    /// When it cannot be read.
    fn accept_queue(&self, port: u16) -> Result<Option<AcceptQueue>>;

    /// Starts `queuelab <arguments>` in a host.
    ///
    /// # Errors
    /// When it cannot be started.
    fn start(&self, role: Role, part: &'static str, arguments: &[String]) -> Result<Part>;
}
