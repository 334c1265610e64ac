//! The backend of plain network namespaces: no Docker, and no root where the
//! machine allows user namespaces.
//!
//! A testbed's namespaces have no name. They live as long as a file descriptor
//! of the lab or a process in them does, so nothing can be left behind, however
//! the lab ends.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use indexmap::IndexMap;
use linux_net::{
    Counters, LinkAddresses, NetworkNamespace, Nursery, SocketDiag, StateCounts, SysctlName,
};
use run_record::{AcceptQueue, SysctlValues};
use worker::{Worker, WorkerError};

use crate::backend::{
    Addresses, Backend, BackendKind, Needs, Role, Testbed, TestbedSpec, accept_queue_of,
};
use crate::build::{Build, BuildFile};
use crate::error::{LabError, Result};
use crate::running;

/// In the range reserved for benchmarks (RFC 2544); every testbed has it for
/// itself.
const SERVER: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);

/// Of 198.18.0.0/15.
const PREFIX: u8 = 15;

/// The client's address number `index`, from 0.
fn client_address(index: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(198, 18, 1, 1 + index as u8))
}

/// What the registry knows of it.
pub(super) struct NetnsKind;

impl BackendKind for NetnsKind {
    fn name(&self) -> &'static str {
        "netns"
    }

    fn description(&self) -> &'static str {
        "plain network namespaces: needs no Docker, and no root if the machine allows user \
         namespaces"
    }

    fn prepare_process(&self) -> Result<()> {
        // Only a process with one thread can enter a user namespace.
        Ok(linux_net::enter_user_namespace()?)
    }

    fn connect(&self, build: Option<Build>) -> Result<Box<dyn Backend>> {
        Ok(match build {
            None => Box::new(Netns::new()?),
            Some(Build::File(file)) => Box::new(Netns::with_build(file)?),
            Some(Build::Image(_)) => unreachable!("only containers run images"),
        })
    }
}

/// Makes testbeds of plain network namespaces.
#[derive(Debug)]
pub struct Netns {
    nursery: Nursery,
    as_root: bool,
    build: Option<BuildFile>,
}

impl Netns {
    /// Finds out whether this process may make network namespaces. Call
    /// [`linux_net::enter_user_namespace`] first, where it is not root.
    ///
    /// # Errors
    /// When it may not: the error names the cause and the ways out.
    pub fn new() -> Result<Self> {
        let as_root = linux_net::in_initial_user_namespace();
        Ok(Self { nursery: Nursery::new()?, as_root, build: None })
    }

    /// The same, with parts of another build in the hosts.
    ///
    /// # Errors
    /// As [`Netns::new`].
    pub fn with_build(build: BuildFile) -> Result<Self> {
        Ok(Self { build: Some(build), ..Self::new()? })
    }
}

impl Backend for Netns {
    fn describe(&self) -> run_record::Backend {
        let details = if self.as_root { "as root" } else { "in an unprivileged user namespace" };
        run_record::Backend { name: "netns".to_owned(), version: None, details: details.to_owned() }
    }

    fn build(&self) -> Option<run_record::Build> {
        self.build.as_ref().map(BuildFile::record)
    }

    fn make_room(&self, needs: &Needs) -> Result<()> {
        // Server and load inherit the limit.
        linux_net::raise_open_files(needs.open_files())?;
        Ok(())
    }

    fn testbed(&self, spec: &TestbedSpec, _trial: u32) -> Result<Box<dyn Testbed>> {
        let server = self.nursery.create()?;
        let client = self.nursery.create()?;
        // Before the link: a sysctl of the whole namespace must not find
        // traffic that came first.
        let sysctls = SysctlValues {
            server: apply(&server, Role::Server, &spec.server_sysctls)?,
            client: apply(&client, Role::Client, &spec.client_sysctls)?,
        };
        let addresses = Addresses {
            server: IpAddr::V4(SERVER),
            client: (0..spec.source_addresses.max(1)).map(client_address).collect(),
        };
        linux_net::join_with_veth(
            &server,
            &client,
            &LinkAddresses {
                server: addresses.server,
                clients: addresses.client.clone(),
                prefix: PREFIX,
            },
        )?;
        let build = self.build.clone();
        Ok(Box::new(Namespaces { server, client, addresses, sysctls, build }))
    }
}

/// Sets a host's sysctls; what was asked for, as read back.
fn apply(
    namespace: &NetworkNamespace,
    role: Role,
    sysctls: &IndexMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let refused = |source| LabError::Sysctl { host: role.name(), source };
    let asked = sysctls
        .iter()
        .map(|(name, value)| Ok((name.parse::<SysctlName>()?, value.clone())))
        .collect::<std::result::Result<Vec<_>, linux_net::SysctlNameError>>()
        .map_err(|source| LabError::SysctlName { host: role.name(), source })?;
    let effective = namespace.apply_sysctls(&asked).map_err(refused)?;
    let read_back = asked
        .iter()
        .filter_map(|(name, _)| effective.get(name).map(|value| (name.to_string(), value.clone())));
    Ok(read_back.collect())
}

struct Namespaces {
    server: NetworkNamespace,
    client: NetworkNamespace,
    addresses: Addresses,
    sysctls: SysctlValues,
    build: Option<BuildFile>,
}

impl Namespaces {
    fn of(&self, role: Role) -> &NetworkNamespace {
        match role {
            Role::Server => &self.server,
            Role::Client => &self.client,
        }
    }
}

impl Testbed for Namespaces {
    fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    fn sysctls(&self) -> &SysctlValues {
        &self.sysctls
    }

    fn effective_sysctls(&self) -> Result<SysctlValues> {
        let read = |role: Role| {
            let effective = self.of(role).deciding_sysctls();
            effective
                .map(|values| values.into_iter().map(|(k, v)| (k.to_string(), v)).collect())
                .map_err(|source| LabError::Sysctl { host: role.name(), source })
        };
        Ok(SysctlValues { server: read(Role::Server)?, client: read(Role::Client)? })
    }

    fn counters(&self, role: Role) -> Result<Counters> {
        let read = self.of(role).counters();
        read.map_err(|source| LabError::Counters { host: role.name(), source })
    }

    fn accept_queue(&self, port: u16) -> Result<Option<AcceptQueue>> {
        let listeners = SocketDiag::open_in(&self.server).and_then(|mut diag| diag.listeners());
        Ok(accept_queue_of(port, &listeners.map_err(LabError::AcceptQueue)?))
    }

    fn sockets(&self, role: Role) -> Result<StateCounts> {
        let counted =
            SocketDiag::open_in(self.of(role)).and_then(|mut diag| diag.count_by_state(None));
        counted.map_err(LabError::AcceptQueue)
    }

    fn start(&self, role: Role, part: &'static str, arguments: &[String]) -> Result<Worker> {
        let start = |source| WorkerError::Start { worker: part, source };
        let command = match &self.build {
            Some(build) => build.command(),
            None => Ok(running::command()),
        };
        let mut command = command.map_err(start)?;
        command.args(arguments);
        self.of(role).enter_on_exec(&mut command);
        Ok(worker::spawn(part, command)?)
    }
}
