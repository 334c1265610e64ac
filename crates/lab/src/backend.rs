//! What a backend must give.

use std::net::IpAddr;

use indexmap::IndexMap;
use linux_net::{Counters, Listener, StateCounts, SysctlName, TimerWheel};
use run_record::{AcceptQueue, SysctlValues};
use scenario::Plan;
use worker::Worker;

use crate::build::{Build, BuildError};
use crate::clock::{Clock, SystemClock};
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
    pub fn from_settings(settings: &scenario::CellSettings) -> Self {
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
    /// The most that the cells of a plan need.
    pub fn from_plan(plan: &Plan) -> Self {
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

/// A kind of backend, as the registry has it: everything that is known before
/// anything is connected.
pub trait BackendKind: Sync {
    /// Its name, on the command line and in records.
    fn name(&self) -> &'static str;

    /// What it is and needs, in a sentence.
    fn description(&self) -> &'static str;

    /// Prepares this process, before it starts any thread.
    ///
    /// # Errors
    /// When this process cannot use the backend.
    fn prepare_process(&self) -> Result<()> {
        Ok(())
    }

    /// Whether a build can be an image, beside an executable file.
    fn runs_images(&self) -> bool {
        false
    }

    /// The build that a person names.
    ///
    /// # Errors
    /// When it is no build of this program.
    fn find_build(&self, name: &str) -> std::result::Result<Build, BuildError> {
        Build::find(name, self.runs_images())
    }

    /// Connects to what makes the hosts. The workers in them are those of `build`, or
    /// of this program.
    ///
    /// # Errors
    /// When it is not there, or this user may not use it.
    fn connect(&self, build: Option<Build>) -> Result<Box<dyn Backend>>;
}

/// Makes testbeds; for several trials at once, where they run side by side.
pub trait Backend: Sync {
    /// How a run directory names it.
    fn describe(&self) -> run_record::Backend;

    /// Whose parts run in its hosts, where that is not the running program.
    fn build(&self) -> Option<run_record::Build> {
        None
    }

    /// The clock that its hosts live by.
    fn clock(&self) -> &dyn Clock {
        &SystemClock
    }

    /// The timer wheel of the hosts' kernel, for the simulation; `None` if it is not
    /// known.
    fn timer_wheel(&self) -> Option<TimerWheel> {
        TimerWheel::find()
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
