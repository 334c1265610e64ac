//! What a backend must give.

use std::net::IpAddr;

use indexmap::IndexMap;
use linux_net::{Counters, Listener, StateCounts, SysctlName};
use run_record::{AcceptQueue, SysctlValues};
use scenario::Plan;
use worker::Worker;

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
    /// Which hosts' parts attach filters to their sockets.
    pub filters: Filters,
}

/// Hosts whose parts attach filters to their sockets, for which the kernel asks
/// CAP_NET_ADMIN over the host's network namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filters {
    /// The server holds ACKs back.
    pub server: bool,
    /// Clients stay half-open.
    pub client: bool,
}

impl TestbedSpec {
    /// What a cell's settings ask for.
    pub fn of(settings: &scenario::CellSettings) -> Self {
        let written = |host: &scenario::Host| {
            host.sysctls.iter().map(|(name, value)| (dotted(name), value.to_string())).collect()
        };
        Self {
            server_sysctls: written(&settings.hosts.server),
            client_sysctls: written(&settings.hosts.client),
            source_addresses: settings.load.source_addresses,
            filters: Filters {
                server: settings.server.hold_acks,
                client: settings.load.half_open > 0,
            },
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

/// A sysctl's name with dots, however it was written; what is no name stays as
/// it is, to be told later.
fn dotted(name: &str) -> String {
    name.parse::<SysctlName>().map_or_else(|_| name.to_owned(), |name| name.to_string())
}

/// What the largest cell of a run needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// Clients, each with a connection and a thread of the server.
    pub clients: u32,
    /// Stack of such a thread, bytes.
    pub thread_stack: u64,
}

impl Needs {
    /// What the cells of a plan need at most.
    pub fn of(plan: &Plan) -> Self {
        let settings = || plan.cells.iter().map(|cell| &cell.settings);
        Self {
            clients: settings().map(|cell| cell.load.clients).max().unwrap_or(0),
            thread_stack: settings().map(|cell| cell.server.thread_stack).max().unwrap_or(0),
        }
    }

    /// Files that a part may have open: a socket for each client, and some
    /// others.
    pub fn open_files(&self) -> u64 {
        u64::from(self.clients) + 64
    }
}

/// The accept queue of a port, from the listeners of its host.
pub(crate) fn accept_queue_of(port: u16, listeners: &[Listener]) -> Option<AcceptQueue> {
    let ours = || listeners.iter().filter(|listener| listener.local.port() == port);
    let limit = ours().map(|listener| listener.limit).max()?;
    Some(AcceptQueue { depth: ours().map(|listener| listener.queued).sum(), limit })
}

/// Makes testbeds; for several trials at once, where they run side by side.
pub trait Backend: Sync {
    /// How a run directory names it.
    fn describe(&self) -> run_record::Backend;

    /// Whose parts run in its hosts, where that is not the running program.
    fn build(&self) -> Option<run_record::Build> {
        None
    }

    /// Makes room for a run: once, before its first testbed.
    ///
    /// # Errors
    /// When the machine does not have that much.
    fn make_room(&self, needs: &Needs) -> Result<()>;

    /// A testbed for a trial, as if it were new: its sysctls applied and read
    /// back, no trace of an earlier trial in it.
    ///
    /// # Errors
    /// When the machine refuses it, or a sysctl.
    fn testbed(&self, spec: &TestbedSpec, trial: u32) -> Result<Box<dyn Testbed>>;

    /// A testbed that will be asked for when the running trial ends. What the
    /// backend does beforehand must not disturb that trial.
    fn prepare(&self, _spec: &TestbedSpec, _trial: u32) {}
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

    /// The accept queue of `port` in the server's host, if anything listens
    /// there: of several listeners, the sum of the depths and the limit of one.
    ///
    /// # Errors
    /// When it cannot be read.
    fn accept_queue(&self, port: u16) -> Result<Option<AcceptQueue>>;

    /// A host's TCP sockets by state.
    ///
    /// # Errors
    /// When they cannot be counted.
    fn sockets(&self, role: Role) -> Result<StateCounts>;

    /// Starts `queuelab <arguments>` in a host.
    ///
    /// # Errors
    /// When it cannot be started.
    fn start(&self, role: Role, part: &'static str, arguments: &[String]) -> Result<Worker>;

    /// Fails where the testbed is not what it was when it was made: its hosts
    /// are alive and joined. What a trial found is worth nothing otherwise.
    /// `in_doubt`, after a trial that failed, takes more time over it.
    ///
    /// # Errors
    /// What became of it.
    fn verify(&self, _in_doubt: bool) -> Result<()> {
        Ok(())
    }
}
