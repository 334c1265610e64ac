//! The backend of containers, through a Docker engine's own interface.
//!
//! | module | holds |
//! |---|---|
//! | `engine` | the connection |
//! | `image` | the image: one file, the running executable |
//! | `network` | the internal network of a run |
//! | `containers` | a testbed: two joined hosts |
//! | `host` | a container whose first process is the agent |
//! | `recipe` | what that container is made of |
//! | `agent_line` | the line to that agent |
//! | `pool` | a run's hosts: used again, or made in good time |
//! | `faults` | what became of a container or network |
//! | `leftovers`, `owner` | what dead runs have left, and which runs are dead |
//! | `about` | what is to be known about the engine |
//! | `idle` | when the machine is idle |
//!
//! Nothing outside of this module knows of `bollard`.

mod about;
mod agent_line;
mod containers;
mod engine;
mod error;
mod faults;
mod host;
mod idle;
mod image;
mod leftovers;
mod network;
mod owner;
mod pool;
mod recipe;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

pub use about::AboutDocker;
pub use error::DockerError;
pub use image::Image;
pub use leftovers::Leftovers;

use crate::backend::{Backend, BackendKind, Needs, Role, Testbed, TestbedSpec};
use crate::build::Build;
use crate::error::Result;
use containers::Containers;
use engine::Engine;
use image::{Executable, Purpose};
use network::Network;
use owner::Owner;
use pool::Pool;
use recipe::{HostKind, Rations};

/// On every container and network of a run: the run's id.
const RUN_LABEL: &str = "queuelab.run";
/// Beside it: the trial that it was made for.
const TRIAL_LABEL: &str = "queuelab.trial";
/// Beside it: who made them.
const OWNER_LABEL: &str = "queuelab.owner";

/// What the registry knows of it.
pub(super) struct DockerKind;

impl BackendKind for DockerKind {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn description(&self) -> &'static str {
        "containers: needs a Docker engine, and permission to use it"
    }

    fn runs_images(&self) -> bool {
        true
    }

    fn connect(&self, build: Option<Build>) -> Result<Box<dyn Backend>> {
        Ok(Box::new(match build {
            None => Docker::connect()?,
            Some(build) => Docker::with_build(build)?,
        }))
    }
}

/// Makes testbeds of containers.
#[derive(Debug)]
pub struct Docker {
    engine: Arc<Engine>,
    build: Option<(Build, run_record::Build)>,
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
            build: None,
            image_name: OnceLock::new(),
            pool: OnceLock::new(),
        })
    }

    /// The same, with containers of another build's image.
    ///
    /// # Errors
    /// As [`Docker::connect`], and when the engine has no such image.
    pub fn with_build(build: Build) -> std::result::Result<Self, DockerError> {
        let mut docker = Self::connect()?;
        let record = match &build {
            Build::File(file) => file.record(),
            Build::Image(name) => {
                let hash = Some(docker.engine.image_hash(name)?);
                run_record::Build { name: name.clone(), hash, version: None }
            }
        };
        docker.build = Some((build, record));
        Ok(docker)
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

    fn build(&self) -> Option<run_record::Build> {
        self.build.as_ref().map(|(_, record)| record.clone())
    }

    fn make_room(&self, needs: &Needs) -> Result<()> {
        self.engine.remove_leftovers(false)?;
        let build = self.build.as_ref().map(|(build, _)| build.clone());
        let image = self.engine.image_of(build.as_ref())?;
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
        let pool = Pool::new(Arc::clone(&self.engine), network, rations, build);
        let _ = self.pool.set(Arc::new(pool));
        Ok(())
    }

    fn testbed(&self, spec: &TestbedSpec, trial: u32) -> Result<Box<dyn Testbed>> {
        let [server, client] = kinds(spec);
        let pool = Arc::clone(self.pool());
        let [server, client] = pool.take([&server, &client], trial)?;
        Ok(Box::new(Containers::joined([server, client], pool, spec)?))
    }

    fn prepare(&self, spec: &TestbedSpec, trial: u32) {
        self.pool().prepare(kinds(spec), trial);
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
