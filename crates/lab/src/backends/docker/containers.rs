//! A testbed: two containers on a run's network.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use linux_net::{Counters, StateCounts, SysctlName};
use run_record::{AcceptQueue, SysctlValues};
use worker::Worker;

use super::error::DockerError;
use super::host::Host;
use super::pool::Pool;
use crate::agent::{AgentCommand, HostConnections};
use crate::backend::{Addresses, Result, Role, Testbed, TestbedSpec};
use crate::backends::sysctl_error;

/// How long the engine may take to notice that a host has lost its place on the
/// network.
const LINK_FAULT_WITHIN: Duration = Duration::from_secs(2);

/// Two joined containers.
#[derive(Debug)]
pub(super) struct Containers {
    /// Server and client; none only while this is dropped.
    hosts: Option<[Host; 2]>,
    addresses: Addresses,
    sysctls: SysctlValues,
    pool: Arc<Pool>,
}

impl Containers {
    /// Both hosts as a testbed: its sysctls read back, and each reached by the
    /// other.
    ///
    /// # Errors
    /// When a sysctl is not what was asked for, or a host cannot be reached.
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
            server: kept(Role::Server, spec, &effective.server)?,
            client: kept(Role::Client, spec, &effective.client)?,
        };
        testbed.join()?;
        Ok(testbed)
    }

    /// Has the client reach the server, so that both know each other's link
    /// address. Two that have been together before know it: they are spared
    /// it, for a kernel answers one peer only about once a second
    /// (`icmp_ratelimit`).
    fn join(&self) -> Result<()> {
        let known = self.host(Role::Client).knows(self.host(Role::Server));
        if known { Ok(()) } else { self.reach() }
    }

    fn reach(&self) -> Result<()> {
        let request = AgentCommand::Reach {
            sources: self.addresses.client.clone(),
            targets: vec![self.addresses.server],
        };
        match self.host(Role::Client).ask::<()>(request) {
            Ok(()) => Ok(()),
            Err(DockerError::HostFailed { host, reason }) => {
                self.check_link(LINK_FAULT_WITHIN)?;
                Err(DockerError::Unreachable { host, reason }.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Fails where a host has lost its place on the network. The engine's own
    /// record may lag behind: it is looked at for some time.
    fn check_link(&self, patience: Duration) -> Result<()> {
        let deadline = Instant::now() + patience;
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
        let [server, client] = self.hosts.as_ref().expect("they are there until the drop");
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
        Ok(self.host(role).ask(AgentCommand::Counters)?)
    }

    fn accept_queue(&self, port: u16) -> Result<Option<AcceptQueue>> {
        Ok(self.host(Role::Server).ask(AgentCommand::AcceptQueue { port })?)
    }

    fn sockets(&self, role: Role) -> Result<StateCounts> {
        Ok(self.host(role).ask::<HostConnections>(AgentCommand::Connections)?.sockets)
    }

    fn start(&self, role: Role, part: &'static str, arguments: &[String]) -> Result<Worker> {
        Ok(self.host(role).start_worker(part, arguments)?)
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

/// The sysctls asked for, as read back; an error where the kernel has made
/// another value of one.
fn kept(
    role: Role,
    spec: &TestbedSpec,
    effective: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>> {
    let asked = match role {
        Role::Server => &spec.server_sysctls,
        Role::Client => &spec.client_sysctls,
    };
    asked
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
    use super::*;

    #[test]
    fn a_value_that_the_kernel_changed_is_told() {
        let spec = TestbedSpec {
            server_sysctls: [("net.core.somaxconn".to_owned(), "010".to_owned())].into(),
            ..TestbedSpec::default()
        };
        let effective =
            |value: &str| BTreeMap::from([("net.core.somaxconn".to_owned(), value.to_owned())]);
        let error = kept(Role::Server, &spec, &effective("8")).unwrap_err();
        assert!(error.to_string().contains("the kernel changed it to `8`"), "{error}");
        assert!(kept(Role::Server, &spec, &effective("10")).is_ok());
        assert!(kept(Role::Client, &spec, &effective("8")).unwrap().is_empty());
    }
}
