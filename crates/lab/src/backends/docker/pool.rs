//! The hosts of a run: reused if they are in the state of a new one, else created in
//! advance while the machine is idle.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use super::engine::Engine;
use super::error::{DockerError, Result};
use super::host::Host;
use super::idle;
use super::leftovers::OWN_NETWORK_ATTEMPTS;
use super::network::Network;
use super::recipe::{ContainerLimits, HostKind};
use super::usage::RunUsage;
use crate::backend::{Purpose, TestbedUsage};
use crate::build::Build;

/// Maximum number of rebuilds of an image that another run removed.
const MAX_IMAGE_REBUILDS: u32 = 5;
/// Maximum number of used hosts that are not removed because a later trial may reuse them.
const MAX_USED: usize = 4;

/// A run's hosts, except for those in use.
#[derive(Debug)]
pub(super) struct Pool {
    engine: Arc<Engine>,
    pub(super) network: Arc<Network>,
    limits: ContainerLimits,
    /// The build whose image its hosts run, if it is not this program's.
    build: Option<Build>,
    started: AtomicU32,
    usage: RunUsage,
    hosts: Mutex<Hosts>,
    preparation: Mutex<Option<Preparation>>,
}

#[derive(Debug, Default)]
struct Hosts {
    /// Never used.
    fresh: Vec<Host>,
    /// Used, and possibly reusable.
    used: Vec<Host>,
    /// Not reusable. Removing them takes CPU time that a trial may need.
    retired: Vec<Host>,
    /// Kinds whose last used host could not be reused.
    not_reusable: Vec<HostKind>,
    /// Sysctls that were refused before others were set: set after them.
    late: HashSet<String>,
}

/// Hosts that are created while a trial waits.
#[derive(Debug)]
struct Preparation {
    cancelled: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Pool {
    pub(super) fn new(
        engine: Arc<Engine>,
        network: Network,
        limits: ContainerLimits,
        build: Option<Build>,
    ) -> Self {
        Self {
            engine,
            network: Arc::new(network),
            limits,
            build,
            started: AtomicU32::new(0),
            usage: RunUsage::default(),
            hosts: Mutex::default(),
            preparation: Mutex::default(),
        }
    }

    /// How busy the machine of the hosts has been so far; `None` if that is not known, as in
    /// hosts that run another build: its agents may not know the question.
    pub(super) fn usage(&self) -> Option<TestbedUsage> {
        if self.build.is_some() { None } else { self.usage.now() }
    }

    /// Two hosts, both in the state of a new one.
    pub(super) fn take(&self, kinds: [&HostKind; 2], purpose: Purpose) -> Result<[Host; 2]> {
        self.finish_preparation();
        let [server, client] = kinds;
        let [server, client] = std::thread::scope(|scope| {
            // Both at the same time, because most of a start is waiting.
            let server = scope.spawn(|| self.take_one(server, purpose));
            let client = self.take_one(client, purpose);
            [server.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)), client]
        });
        let (server, client) = (server?, client?);
        self.remove_surplus();
        Ok([server, client])
    }

    fn take_one(&self, kind: &HostKind, purpose: Purpose) -> Result<Host> {
        loop {
            // The lock is not held while a host is inspected or started.
            let used = take_of_kind(&mut self.hosts().used, kind);
            let Some(host) = used else { break };
            let is_pristine = host.is_pristine();
            let mut hosts = self.hosts();
            hosts.not_reusable.retain(|not_reusable| not_reusable != kind);
            if is_pristine {
                return Ok(host);
            }
            hosts.not_reusable.push(kind.clone());
            hosts.retired.push(host);
        }
        let fresh = take_of_kind(&mut self.hosts().fresh, kind);
        match fresh {
            Some(host) => Ok(host),
            None => self.start(kind, purpose),
        }
    }

    /// Starts a host. An engine applies sysctls in random order, and the kernel refuses
    /// some in one order and accepts them in another (an `ip_local_port_range` below
    /// `ip_unprivileged_port_start`): from then on, a refused one is set after the others.
    /// If it is refused again, the order is not the cause.
    fn start(&self, kind: &HostKind, purpose: Purpose) -> Result<Host> {
        let mut rebuilds = 0;
        loop {
            let number = self.started.fetch_add(1, Ordering::Relaxed);
            let lease = self.network.lease(kind.addresses);
            let late = self.hosts().late.clone();
            match Host::start(&self.engine, lease, &self.limits, kind, &late, number, purpose) {
                Err(error) if rebuilds < MAX_IMAGE_REBUILDS && error.is_missing_image() => {
                    // A run of another build removes unused images.
                    self.engine.image_of(self.build.as_ref())?;
                    rebuilds += 1;
                }
                Err(DockerError::SysctlRefused { name, .. })
                    if kind.has_several_sysctls() && !late.contains(&name) =>
                {
                    self.hosts().late.insert(name);
                }
                started => {
                    return started.inspect(|host| host.report_usage_to(&self.usage));
                }
            }
        }
    }

    /// Takes a trial's hosts back.
    pub(super) fn give_back(&self, hosts: [Host; 2]) {
        if hosts.iter().any(|host| host.kind.addresses > 1) {
            // The server has a neighbour entry for each address, and all network
            // namespaces share one table with room for about a thousand
            // (`net.ipv4.neigh.default.gc_thresh3`).
            return remove_at_once(hosts.into());
        }
        let mut stored = self.hosts();
        stored.used.extend(hosts);
        let surplus = stored.used.len().saturating_sub(MAX_USED);
        let oldest: Vec<_> = stored.used.drain(..surplus).collect();
        stored.retired.extend(oldest);
    }

    /// Creates the hosts that the next trial needs, and removes those that cannot be
    /// reused, in sequence. Each step starts only while the machine is idle, because the
    /// running trial waits then, and takes a third of a second.
    pub(super) fn prepare(self: &Arc<Self>, kinds: [HostKind; 2], purpose: Purpose) {
        self.finish_preparation();
        let cancelled = Arc::new(AtomicBool::new(false));
        let (pool, stop) = (Arc::clone(self), Arc::clone(&cancelled));
        let thread = std::thread::spawn(move || {
            pool.prepare_when_idle(&kinds, purpose, &stop);
        });
        *self.preparation() = Some(Preparation { cancelled, thread });
    }

    fn prepare_when_idle(&self, kinds: &[HostKind; 2], purpose: Purpose, cancelled: &AtomicBool) {
        for kind in kinds {
            let is_needed = {
                let hosts = self.hosts();
                let spare = hosts.fresh.iter().any(|host| host.kind == *kind);
                !spare && hosts.not_reusable.contains(kind)
            };
            if !is_needed {
                continue;
            }
            if !idle::wait_until_idle(cancelled) {
                return;
            }
            // An error here occurs again, and is reported, when the host is needed.
            if let Ok(host) = self.start(kind, purpose) {
                self.hosts().fresh.push(host);
            }
        }
        while !self.hosts().retired.is_empty() && idle::wait_until_idle(cancelled) {
            let retired = self.hosts().retired.pop();
            drop(retired);
        }
    }

    pub(super) fn finish_preparation(&self) {
        if let Some(Preparation { cancelled, thread }) = self.preparation().take() {
            cancelled.store(true, Ordering::Relaxed);
            let _ = thread.join();
        }
    }

    /// Removes hosts even if no trial ever waits.
    fn remove_surplus(&self) {
        let retired = {
            let mut hosts = self.hosts();
            if hosts.retired.len() <= MAX_USED {
                return;
            }
            std::mem::take(&mut hosts.retired)
        };
        remove_at_once(retired);
    }

    fn hosts(&self) -> MutexGuard<'_, Hosts> {
        self.hosts.lock().expect("the lock is never poisoned")
    }

    fn preparation(&self) -> MutexGuard<'_, Option<Preparation>> {
        self.preparation.lock().expect("the preparation is never poisoned")
    }
}

impl Drop for Pool {
    /// Removes every host, then the network.
    fn drop(&mut self) {
        self.finish_preparation();
        let Hosts { fresh, used, retired, .. } = std::mem::take(&mut *self.hosts());
        remove_at_once(fresh.into_iter().chain(used).chain(retired).collect());
        // If it cannot be removed, the next run removes it.
        let _ = self.engine.remove_network(&self.network.id, OWN_NETWORK_ATTEMPTS);
    }
}

fn take_of_kind(hosts: &mut Vec<Host>, kind: &HostKind) -> Option<Host> {
    let position = hosts.iter().position(|host| host.kind == *kind)?;
    Some(hosts.remove(position))
}

fn remove_at_once(hosts: Vec<Host>) {
    std::thread::scope(|scope| {
        for host in hosts {
            scope.spawn(move || drop(host));
        }
    });
}
