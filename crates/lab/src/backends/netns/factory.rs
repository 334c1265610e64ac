//! The backend: creates testbeds of namespaces.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use indexmap::IndexMap;
use linux_net::{LinkAddresses, NamespaceFactory, NetworkNamespace, SysctlName};
use run_record::SysctlValues;
use scenario::Server;

use super::error;
use super::name::NAME;
use super::namespaces::Namespaces;
use crate::backend::{
    Addresses, Backend, Needs, NoServer, Purpose, Result, Role, Testbed, TestbedSpec,
};
use crate::backends::sysctl_error;
use crate::build::BuildFile;

/// The server's address, in the range reserved for benchmarks (RFC 2544). Every testbed
/// has its own range.
const SERVER: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);

/// Length of the prefix of 198.18.0.0/15, bits.
const PREFIX: u8 = 15;

/// The client's address number `index`, from 0.
fn client_address(index: u32) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(198, 18, 1, 1 + index as u8))
}

/// Creates testbeds of plain network namespaces.
#[derive(Debug)]
pub(super) struct Netns {
    namespaces: NamespaceFactory,
    as_root: bool,
    build: Option<BuildFile>,
}

impl Netns {
    /// Checks that this process may create network namespaces. `build` is the one whose
    /// workers run in them, if it is not this program.
    ///
    /// # Errors
    /// If it may not create them.
    pub(super) fn new(build: Option<BuildFile>) -> Result<Self> {
        let as_root = linux_net::in_initial_user_namespace();
        let namespaces = NamespaceFactory::new().map_err(|error| error::namespace(&error))?;
        Ok(Self { namespaces, as_root, build })
    }

    fn namespace(&self) -> Result<NetworkNamespace> {
        self.namespaces.create().map_err(|error| error::namespace(&error))
    }
}

impl Backend for Netns {
    fn describe(&self) -> run_record::Backend {
        let details = if self.as_root { "as root" } else { "in an unprivileged user namespace" };
        run_record::Backend { name: NAME.to_owned(), version: None, details: details.to_owned() }
    }

    fn build(&self) -> Option<run_record::Build> {
        self.build.as_ref().map(BuildFile::record)
    }

    fn check_server(&self, server: &Server) -> std::result::Result<(), NoServer> {
        match server {
            Server::Chat(_) => Ok(()),
            Server::Command(command) => match &self.build {
                None => match program_server::is_here(command) {
                    Err(reason) => Err(NoServer::Missing(reason)),
                    Ok(()) => program_server::check_here(command).map_err(NoServer::Failed),
                },
                Some(_) => Err(NoServer::Failed(
                    "run a command as the server with workers of another build: only this \
                     build's can"
                        .to_owned(),
                )),
            },
            Server::Image(_) => Err(NoServer::Missing(
                "run an image as the server: plain namespaces have no containers; use --backend \
                 docker"
                    .to_owned(),
            )),
        }
    }

    fn reserve(&self, needs: &Needs) -> Result<()> {
        // Server and load inherit the limit.
        linux_net::raise_open_files(needs.open_files()).map_err(error::failed)?;
        Ok(())
    }

    fn testbed(&self, spec: &TestbedSpec, _purpose: Purpose) -> Result<Box<dyn Testbed>> {
        let (server, client) = (self.namespace()?, self.namespace()?);
        // Before the link is created, because sysctls of the namespace must be set before
        // any traffic.
        let sysctls = SysctlValues {
            server: apply(&server, Role::Server, &spec.server_sysctls)?,
            client: apply(&client, Role::Client, &spec.client_sysctls)?,
        };
        let addresses = Addresses {
            server: IpAddr::V4(SERVER),
            client: (0..spec.source_addresses.max(1)).map(client_address).collect(),
        };
        let link = LinkAddresses {
            server: addresses.server,
            clients: addresses.client.clone(),
            prefix: PREFIX,
        };
        linux_net::join_with_veth(&server, &client, &link).map_err(error::failed)?;
        let build = self.build.clone();
        Ok(Box::new(Namespaces { server, client, addresses, sysctls, build }))
    }
}

/// Sets a host's sysctls, and returns their values as read back.
fn apply(
    namespace: &NetworkNamespace,
    role: Role,
    sysctls: &IndexMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let invalid = |error| sysctl_error::invalid_name(role, &error);
    let requested = sysctls
        .iter()
        .map(|(name, value)| Ok((name.parse::<SysctlName>().map_err(invalid)?, value.clone())))
        .collect::<Result<Vec<_>>>()?;
    let effective =
        namespace.apply_sysctls(&requested).map_err(|error| sysctl_error::sysctl(role, &error))?;
    let read_back = requested
        .iter()
        .filter_map(|(name, _)| effective.get(name).map(|value| (name.to_string(), value.clone())));
    Ok(read_back.collect())
}
