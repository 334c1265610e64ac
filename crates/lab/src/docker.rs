//! The backend of containers, through a Docker engine's own interface.
//!
//! | module | holds |
//! |---|---|
//! | `engine` | the connection |
//! | `image` | the image: one file, the running executable |
//! | `network` | the internal network of a run |
//! | `host` | a container whose first process is the agent |
//! | `recipe` | what that container is made of |
//! | `agent_line` | the line to that agent |
//! | `pool` | a run's hosts: used again, or made in good time |
//! | `faults` | what became of a container or network |
//! | `leftovers`, `owner` | what dead runs have left, and which runs are dead |
//! | `about` | what is to be known about the engine |
//!
//! Nothing outside of this module knows of `bollard`.

mod about;
mod agent_line;
mod engine;
mod error;
mod faults;
mod host;
mod image;
mod leftovers;
mod network;
mod owner;
mod pool;
mod recipe;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use linux_net::{Counters, StateCounts, SysctlName};
use run_record::{AcceptQueue, SysctlValues};

pub use about::AboutDocker;
pub use error::DockerError;
pub use image::Image;
pub use leftovers::Leftovers;

use crate::agent::{Remains, Request};
use crate::backend::{Addresses, Backend, Needs, Role, Testbed, TestbedSpec};
use crate::error::{LabError, Result};
use crate::part::Part;
use engine::Engine;
use host::Host;
use image::{Executable, Purpose};
use network::Network;
use owner::Owner;
use pool::Pool;
use recipe::{HostKind, Rations};

/// How long the engine may take to notice that a host has lost its place on the
/// network.
const LINK_FAULT_WITHIN: Duration = Duration::from_secs(2);
/// On every container and network of a run: the run's id.
const RUN_LABEL: &str = "queuelab.run";
/// Beside it: the trial that it was made for.
const TRIAL_LABEL: &str = "queuelab.trial";
/// Beside it: who made them.
const OWNER_LABEL: &str = "queuelab.owner";

/// Makes testbeds of containers.
#[derive(Debug)]
pub struct Docker {
    engine: Arc<Engine>,
    image_name: OnceLock<String>,
    pool: OnceLock<Arc<Pool>>,
}

impl Docker {
    /// Finds the engine.
    ///
    /// # Errors
    /// When there is none, or this user may not use it: the error names the
    /// ways out.
    pub fn connect() -> std::result::Result<Self, DockerError> {
        Ok(Self {
            engine: Arc::new(Engine::connect()?),
            image_name: OnceLock::new(),
            pool: OnceLock::new(),
        })
    }

    /// Makes the image of this executable, `queuelab:<hash>`, where it is not
    /// there yet, and names it `queuelab:latest` too.
    ///
    /// # Errors
    /// When this executable is linked dynamically, or the engine fails.
    pub fn build_image(&self) -> std::result::Result<Image, DockerError> {
        self.engine.image(&Executable::running()?, Purpose::Asked)
    }

    /// Removes what runs that are no longer alive have left; with `dry`, only
    /// finds it. With `images`, the images of this program too, but for those
    /// that a container uses.
    ///
    /// # Errors
    /// When the engine fails.
    pub fn clean(&self, images: bool, dry: bool) -> std::result::Result<Leftovers, DockerError> {
        let mut leftovers = self.engine.remove_leftovers(dry)?;
        if images {
            for name in self.engine.unused_images()? {
                if dry || self.engine.remove_image(&name)? {
                    leftovers.images.push(name);
                }
            }
        }
        Ok(leftovers)
    }

    fn pool(&self) -> &Arc<Pool> {
        self.pool.get().expect("make_room comes before the first testbed")
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.get() {
            // Its thread has a share of the pool: the last one must be dropped
            // here, where it can be waited for.
            pool.finish_preparation();
        }
    }
}

impl Backend for Docker {
    fn describe(&self) -> run_record::Backend {
        let image = self.image_name.get().map(String::as_str).unwrap_or("no image yet");
        run_record::Backend {
            name: "docker".to_owned(),
            version: Some(self.engine.version.clone()),
            details: format!(
                "image {image}, engine at {}{}",
                self.engine.socket(),
                if frames_are_filtered() {
                    ", frames pass iptables (bridge-nf-call-iptables = 1)"
                } else {
                    ""
                }
            ),
        }
    }

    fn make_room(&self, needs: &Needs) -> Result<()> {
        self.engine.remove_leftovers(false)?;
        let image = self.engine.image(&Executable::running()?, Purpose::Run)?.name;
        let pid = std::process::id();
        // The nanoseconds tell runs apart that are the first process of
        // containers of their own.
        let now = Timestamp::now();
        let time = now.strftime("%Y%m%dT%H%M%SZ");
        let run = format!("{time}-{pid}-{:x}", now.subsec_nanosecond());
        let owner = Owner::this_process().label();
        let labels: HashMap<_, _> =
            [(RUN_LABEL, run.as_str()), (OWNER_LABEL, &owner)].map(owned_pair).into();
        let name = format!("queuelab-{run}");
        let mut of_all = labels.clone();
        of_all.extend([(TRIAL_LABEL, "all")].map(owned_pair));
        let network = Network::create(&self.engine, &name, of_all, pid)?;
        let rations = Rations { image: image.clone(), labels, needs: *needs };
        let _ = self.image_name.set(image);
        let pool = Pool::new(Arc::clone(&self.engine), network, rations);
        let _ = self.pool.set(Arc::new(pool));
        Ok(())
    }

    fn testbed(&self, spec: &TestbedSpec, trial: u32) -> Result<Box<dyn Testbed>> {
        let [server, client] = kinds(spec);
        let pool = Arc::clone(self.pool());
        let [server, client] = pool.take([&server, &client], trial)?;
        let addresses = Addresses { server: server.addresses[0], client: client.addresses.clone() };
        let mut testbed = Containers {
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
        Ok(Box::new(testbed))
    }

    fn prepare(&self, spec: &TestbedSpec, trial: u32) {
        self.pool().prepare(kinds(spec), trial);
    }
}

/// Two joined containers.
#[derive(Debug)]
struct Containers {
    /// Server and client; none only while this is dropped.
    hosts: Option<[Host; 2]>,
    addresses: Addresses,
    sysctls: SysctlValues,
    pool: Arc<Pool>,
}

impl Containers {
    /// Has the client reach the server, so that both know each other's link
    /// address. Two that have been together before know it: they are spared
    /// it, for a kernel answers one peer only about once a second
    /// (`icmp_ratelimit`).
    fn join(&self) -> Result<()> {
        let known = self.host(Role::Client).knows(self.host(Role::Server));
        if known { Ok(()) } else { self.reach() }
    }

    fn reach(&self) -> Result<()> {
        let request = Request::Reach {
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
        Ok(self.host(role).ask(Request::Counters)?)
    }

    fn accept_queue(&self, port: u16) -> Result<Option<AcceptQueue>> {
        Ok(self.host(Role::Server).ask(Request::AcceptQueue { port })?)
    }

    fn sockets(&self, role: Role) -> Result<StateCounts> {
        Ok(self.host(role).ask::<Remains>(Request::Remains)?.sockets)
    }

    fn start(&self, role: Role, part: &'static str, arguments: &[String]) -> Result<Part> {
        Ok(self.host(role).start_part(part, arguments)?)
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

fn kinds(spec: &TestbedSpec) -> [HostKind; 2] {
    let TestbedSpec { server_sysctls, client_sysctls, source_addresses, filters } = spec.clone();
    [
        HostKind {
            role: Role::Server,
            sysctls: server_sysctls,
            addresses: 1,
            filters: filters.server,
        },
        HostKind {
            role: Role::Client,
            sysctls: client_sysctls,
            addresses: source_addresses,
            filters: filters.client,
        },
    ]
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
            let host = role.name();
            let parsed: SysctlName =
                name.parse().map_err(|source| LabError::SysctlName { host, source })?;
            let found = effective.get(name).cloned().unwrap_or_default();
            linux_net::check_kept(&parsed, value, &found)
                .map_err(|source| LabError::Sysctl { host, source })?;
            Ok((name.clone(), found))
        })
        .collect()
}

/// Whether frames between containers pass the firewall of this machine, at some
/// cost for each.
fn frames_are_filtered() -> bool {
    std::fs::read_to_string("/proc/sys/net/bridge/bridge-nf-call-iptables")
        .is_ok_and(|value| value.trim() == "1")
}

fn owned_pair((key, value): (&str, &str)) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

/// Filters as the engine's interface takes them.
fn filters(pairs: &[(&str, &str)]) -> HashMap<String, Vec<String>> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), vec![(*value).to_owned()])).collect()
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
        assert!(error.to_string().contains("the kernel made it `8`"), "{error}");
        assert!(kept(Role::Server, &spec, &effective("10")).is_ok());
        assert!(kept(Role::Client, &spec, &effective("8")).unwrap().is_empty());
    }
}
