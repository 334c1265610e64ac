//! A testbed: two containers on a run's network.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use linux_net::{Counters, StateCounts, SysctlName};
use program_server::ImageServer;
use run_record::{AcceptQueue, SysctlValues};
use worker::Worker;

use super::error::DockerError;
use super::host::Host;
use super::pool::Pool;
use super::server::Server;
use crate::agent::{AgentCommand, HostConnections};
use crate::backend::{
    Addresses, Result, Role, ServerContainer, Testbed, TestbedSpec, TestbedUsage,
};
use crate::backends::sysctl_error;

/// How long the engine may take to notice that a host was disconnected from the network.
const LINK_FAULT_WITHIN: Duration = Duration::from_secs(2);

/// Two joined containers.
#[derive(Debug)]
pub(super) struct Containers {
    /// Server and client; `None` only while this is dropped.
    hosts: Option<[Host; 2]>,
    addresses: Addresses,
    sysctls: SysctlValues,
    pool: Arc<Pool>,
}

impl Containers {
    /// Both hosts as a testbed, whose sysctls were read back, and which reach each other.
    ///
    /// # Errors
    /// If a sysctl differs from the requested value, or a host cannot be
    /// reached.
    pub(super) fn joined(
        [server, client]: [Host; 2],
        pool: Arc<Pool>,
        spec: &TestbedSpec,
    ) -> Result<Self> {
        let addresses = Addresses { server: server.addresses[0], client: client.addresses.clone() };
        let mut testbed = Self {
            hosts: Some([server, client]),
            addresses,
            sysctls: SysctlValues::default(),
            pool,
        };
        let effective = testbed.effective_sysctls()?;
        testbed.sysctls = SysctlValues {
            server: read_back(Role::Server, spec, &effective.server)?,
            client: read_back(Role::Client, spec, &effective.client)?,
        };
        testbed.join()?;
        Ok(testbed)
    }

    /// Makes the client reach the server, so that both have each other's link address.
    /// Hosts that have been joined before have it, and a kernel responds to one peer only
    /// about once a second (`icmp_ratelimit`).
    fn join(&self) -> Result<()> {
        let known = self.host(Role::Client).was_joined_with(self.host(Role::Server));
        if known { Ok(()) } else { self.reach() }
    }

    fn reach(&self) -> Result<()> {
        let request = AgentCommand::Reach {
            sources: self.addresses.client.clone(),
            targets: vec![self.addresses.server],
        };
        match self.host(Role::Client).request::<()>(request) {
            Ok(()) => Ok(()),
            Err(DockerError::HostFailed { host, reason }) => {
                self.check_link(LINK_FAULT_WITHIN)?;
                Err(DockerError::Unreachable { host, reason }.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Fails if a host was disconnected from the network. The engine may notice it late,
    /// so it is polled for some time.
    fn check_link(&self, timeout: Duration) -> Result<()> {
        let deadline = Instant::now() + timeout;
        loop {
            for role in [Role::Server, Role::Client] {
                if let Some(what) = self.host(role).link_fault(&self.pool.network)? {
                    return Err(DockerError::NetworkGone { what }.into());
                }
            }
            if Instant::now() >= deadline {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn host(&self, role: Role) -> &Host {
        let [server, client] = self.hosts.as_ref().expect("there are hosts until the drop");
        match role {
            Role::Server => server,
            Role::Client => client,
        }
    }
}

impl Testbed for Containers {
    fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    fn sysctls(&self) -> &SysctlValues {
        &self.sysctls
    }

    fn effective_sysctls(&self) -> Result<SysctlValues> {
        let read = |role| self.host(role).sysctls().map(|values| values.into_iter().collect());
        Ok(SysctlValues { server: read(Role::Server)?, client: read(Role::Client)? })
    }

    fn counters(&self, role: Role) -> Result<Counters> {
        Ok(self.host(role).request(AgentCommand::Counters)?)
    }

    fn accept_queue(&self, port: u16) -> Result<Option<AcceptQueue>> {
        Ok(self.host(Role::Server).request(AgentCommand::AcceptQueue { port })?)
    }

    fn sockets(&self, role: Role) -> Result<StateCounts> {
        Ok(self.host(role).request::<HostConnections>(AgentCommand::Connections)?.sockets)
    }

    fn usage(&self) -> Option<TestbedUsage> {
        self.pool.usage()
    }

    fn start(&self, role: Role, worker: &'static str, arguments: &[String]) -> Result<Worker> {
        Ok(self.host(role).start_worker(worker, arguments)?)
    }

    fn start_image(
        &self,
        settings: &ImageServer,
        more_ports: &[u16],
        values: &IndexMap<String, String>,
    ) -> Result<Box<dyn ServerContainer + '_>> {
        Ok(Box::new(Server::start(self.host(Role::Server), settings, more_ports, values)?))
    }

    fn verify(&self, in_doubt: bool) -> Result<()> {
        for role in [Role::Server, Role::Client] {
            self.host(role).verify()?;
        }
        self.check_link(Duration::ZERO)?;
        if in_doubt { self.reach() } else { Ok(()) }
    }
}

impl Drop for Containers {
    fn drop(&mut self) {
        if let Some(hosts) = self.hosts.take() {
            self.pool.give_back(hosts);
        }
    }
}

/// The requested sysctls, as read back; an error if the kernel has changed a value.
fn read_back(
    role: Role,
    spec: &TestbedSpec,
    effective: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let requested = match role {
        Role::Server => &spec.server_sysctls,
        Role::Client => &spec.client_sysctls,
    };
    requested
        .iter()
        .map(|(name, value)| {
            let parsed: SysctlName =
                name.parse().map_err(|error| sysctl_error::invalid_name(role, &error))?;
            let found = effective.get(name).cloned().unwrap_or_default();
            linux_net::check_read_back(&parsed, value, &found)
                .map_err(|error| sysctl_error::sysctl(role, &error))?;
            Ok((name.clone(), found))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use linux_net::Sysctl;

    use super::*;

    #[test]
    fn a_value_that_the_kernel_changed_is_an_error() {
        let spec = TestbedSpec {
            server_sysctls: [(Sysctl::Somaxconn.name().to_owned(), "010".to_owned())].into(),
            ..TestbedSpec::default()
        };
        let effective =
            |value: &str| BTreeMap::from([(Sysctl::Somaxconn.name().to_owned(), value.to_owned())]);
        let error = read_back(Role::Server, &spec, &effective("8")).unwrap_err();
        assert!(error.to_string().contains("the kernel changed it to `8`"), "{error}");
        assert!(read_back(Role::Server, &spec, &effective("10")).is_ok());
        assert!(read_back(Role::Client, &spec, &effective("8")).unwrap().is_empty());
    }
}
