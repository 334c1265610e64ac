//! The backend: creates testbeds of containers.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use run_record::wall_time;
use scenario::Server;

use super::containers::Containers;
use super::engine::Engine;
use super::error::Result;
use super::labels::{OWNER_LABEL, RUN_LABEL, TRIAL_LABEL, label};
use super::leftovers::Leftovers;
use super::name::NAME;
use super::network::Network;
use super::owner::Owner;
use super::pool::Pool;
use super::recipe::{ContainerLimits, HostKind};
use crate::backend::{self, Backend, Needs, Purpose, Role, Testbed, TestbedSpec};
use crate::build::Build;

/// Creates testbeds of containers.
#[derive(Debug)]
pub(super) struct Docker {
    engine: Arc<Engine>,
    build: Option<(Build, run_record::Build)>,
    image_name: OnceLock<String>,
    pool: OnceLock<Arc<Pool>>,
}

impl Docker {
    /// Connects to the engine. Its containers run `build`, or this program.
    ///
    /// # Errors
    /// If there is no engine, this user may not use it, or it has no such image.
    pub(super) fn connect(build: Option<Build>) -> Result<Self> {
        let engine = Arc::new(Engine::connect()?);
        let record = |build: &Build| -> Result<run_record::Build> {
            Ok(match build {
                Build::File(file) => file.record(),
                Build::Image(name) => run_record::Build {
                    name: name.clone(),
                    hash: Some(engine.image_hash(name)?),
                    version: None,
                },
            })
        };
        let build = match build {
            Some(build) => Some((build.clone(), record(&build)?)),
            None => None,
        };
        Ok(Self { engine, build, image_name: OnceLock::new(), pool: OnceLock::new() })
    }

    /// The connection to the engine.
    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Removes the resources of killed runs; with `dry_run`, only finds them. With
    /// `images`, also this program's images that no container uses.
    ///
    /// # Errors
    /// If the engine fails.
    pub(super) fn clean(&self, images: bool, dry_run: bool) -> Result<Leftovers> {
        let mut leftovers = self.engine.remove_leftovers(dry_run)?;
        if images {
            for name in self.engine.unused_images()? {
                if dry_run || self.engine.remove_image(&name)? {
                    leftovers.images.push(name);
                }
            }
        }
        Ok(leftovers)
    }

    fn pool(&self) -> &Arc<Pool> {
        self.pool.get().expect("reserve is called before the first testbed")
    }
}

impl Drop for Docker {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.get() {
            // Its thread shares the pool, and the last reference must be dropped here,
            // where it can be waited for.
            pool.finish_preparation();
        }
    }
}

impl Backend for Docker {
    fn describe(&self) -> run_record::Backend {
        let image = self.image_name.get().map(String::as_str).unwrap_or("no image yet");
        run_record::Backend {
            name: NAME.to_owned(),
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

    fn check_server(&self, server: &Server) -> std::result::Result<(), backend::NoServer> {
        let Server::Image(settings) = server else { return backend::check_server(self, server) };
        let image = &settings.image;
        match self.engine.find_image(image) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(backend::NoServer::Missing(format!(
                "run the image {image} as the server: it is not on this machine; get it with \
                 `docker pull {image}`"
            ))),
            Err(error) => Err(backend::NoServer::Failed(error.to_string())),
        }
    }

    fn reserve(&self, needs: &Needs) -> backend::Result<()> {
        self.engine.remove_leftovers(false)?;
        let build = self.build.as_ref().map(|(build, _)| build.clone());
        let image = self.engine.image_of(build.as_ref())?;
        let pid = std::process::id();
        // The nanoseconds distinguish runs that are each the first process of a
        // container.
        let now = wall_time();
        let time = now.strftime("%Y%m%dT%H%M%SZ");
        let run = format!("{time}-{pid}-{:x}", now.subsec_nanosecond());
        let owner = Owner::this_process().label();
        let labels: HashMap<_, _> = [label(RUN_LABEL, &run), label(OWNER_LABEL, &owner)].into();
        let name = format!("queuelab-{run}");
        let mut network_labels = labels.clone();
        network_labels.extend([label(TRIAL_LABEL, "all")]);
        let network = Network::create(&self.engine, &name, network_labels, pid)?;
        let limits = ContainerLimits { image: image.clone(), labels, needs: *needs };
        let _ = self.image_name.set(image);
        let pool = Pool::new(Arc::clone(&self.engine), network, limits, build);
        let _ = self.pool.set(Arc::new(pool));
        Ok(())
    }

    fn testbed(&self, spec: &TestbedSpec, purpose: Purpose) -> backend::Result<Box<dyn Testbed>> {
        let [server, client] = kinds(spec);
        let pool = Arc::clone(self.pool());
        let [server, client] = pool.take([&server, &client], purpose)?;
        Ok(Box::new(Containers::joined([server, client], pool, spec)?))
    }

    fn prepare(&self, spec: &TestbedSpec, purpose: Purpose) {
        self.pool().prepare(kinds(spec), purpose);
    }
}

fn kinds(spec: &TestbedSpec) -> [HostKind; 2] {
    let TestbedSpec { server_sysctls, client_sysctls, source_addresses, filters, image } =
        spec.clone();
    [
        HostKind {
            role: Role::Server,
            sysctls: server_sysctls,
            addresses: 1,
            filters: filters.server,
            image,
        },
        HostKind {
            role: Role::Client,
            sysctls: client_sysctls,
            addresses: source_addresses,
            filters: filters.client,
            image: false,
        },
    ]
}

/// Whether frames between containers pass this machine's firewall, which costs time for
/// each.
fn frames_are_filtered() -> bool {
    std::fs::read_to_string("/proc/sys/net/bridge/bridge-nf-call-iptables")
        .is_ok_and(|value| value.trim() == "1")
}
