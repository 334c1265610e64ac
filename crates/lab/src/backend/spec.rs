//! What a testbed must have.

use std::fmt;
use std::net::IpAddr;

use indexmap::IndexMap;
use linux_net::SysctlName;
use run_record::ExecutionId;
use scenario::{CellSettings, Server};

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

/// What a trial needs of its testbed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TestbedSpec {
    /// Sysctls of the server's host.
    pub server_sysctls: IndexMap<String, String>,
    /// Sysctls of the client's host.
    pub client_sysctls: IndexMap<String, String>,
    /// Addresses of the client's host.
    pub source_addresses: u32,
    /// Hosts whose workers attach filters to their sockets.
    pub filters: Filters,
    /// The container of an image joins the server's host.
    pub image: bool,
}

/// Hosts whose workers attach filters to their sockets, for which the kernel requires
/// CAP_NET_ADMIN over the host's network namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filters {
    /// The server holds ACKs back.
    pub server: bool,
    /// Clients stay half-open.
    pub client: bool,
}

impl TestbedSpec {
    /// The testbed that a cell's settings require.
    pub fn from_settings(settings: &CellSettings) -> Self {
        let written = |host: &scenario::Host| {
            host.sysctls.iter().map(|(name, value)| (dotted(name), value.to_string())).collect()
        };
        Self {
            server_sysctls: written(&settings.hosts.server),
            client_sysctls: written(&settings.hosts.client),
            source_addresses: settings.load.source_addresses,
            filters: Filters {
                server: settings.server.listening().hold_acks,
                client: settings.load.half_open > 0,
            },
            image: matches!(settings.server, Server::Image(_)),
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

/// A sysctl's name with dots, as in the kernel's documentation. An invalid name is
/// returned unchanged: the backend reports it.
pub(crate) fn dotted(name: &str) -> String {
    name.parse::<SysctlName>().map_or_else(|_| name.to_owned(), |name| name.to_string())
}

/// What a testbed is created for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To determine, before the first trial, what the machine supports.
    Preflight,
    /// One attempt at a trial.
    Trial(ExecutionId),
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preflight => f.write_str("preflight"),
            Self::Trial(id) => write!(f, "{id}"),
        }
    }
}
