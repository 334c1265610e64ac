//! What killed runs have left behind.
//!
//! Everything of a run carries its label and its owner's. A run is dead when
//! its owner is; of an owner that cannot be seen from here (in another
//! container, on another machine), a run is dead when none of its containers
//! runs: each of them ends with its owner.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::models::ContainerSummaryStateEnum;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder,
};

use super::engine::Engine;
use super::error::{DockerError, Result};
use super::labels::{OWNER_LABEL, RUN_LABEL, filters};
use super::owner::{Life, Owner};

/// Between two trials a living run may have no container for a moment: one out
/// of sight is dead when it is found so twice, this far apart.
const RECHECK_DELAY: Duration = Duration::from_secs(3);
/// Containers that are just being removed are given a moment to let go of their
/// network: it is tried again this often, a tenth of a second apart.
pub(super) const OWN_NETWORK_TRIES: u32 = 50;
/// The same for what was left by another, whose containers have been removed.
const LEFT_NETWORK_TRIES: u32 = 10;

/// What was found, or removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Leftovers {
    /// Names of containers of dead runs.
    pub(super) containers: Vec<String>,
    /// Names of networks of dead runs.
    pub(super) networks: Vec<String>,
    /// Names of networks of dead runs that the engine does not let go: something
    /// else is joined to them, or it has lost count of what was.
    pub(super) held: Vec<String>,
    /// Names, or ids, of images that this program made; asked for apart.
    pub(super) images: Vec<String>,
    /// Runs that are alive, and were not touched.
    pub(super) alive: Vec<String>,
}

/// One run, as the engine knows it.
#[derive(Debug)]
struct RunRemains {
    owner: Owner,
    /// Id and name.
    containers: Vec<(String, String)>,
    networks: Vec<(String, String)>,
    is_running: bool,
}

impl RunRemains {
    fn new(owner: Owner) -> Self {
        Self { owner, containers: Vec::new(), networks: Vec::new(), is_running: false }
    }

    fn life(&self) -> Life {
        match self.owner.life() {
            Life::OutOfSight if self.is_running => Life::Alive,
            life => life,
        }
    }
}

impl Engine {
    /// Removes what dead runs have left; with `dry`, only finds it.
    pub(super) fn remove_leftovers(&self, dry: bool) -> Result<Leftovers> {
        let mut runs = self.runs()?;
        if runs.values().any(|remains| remains.life() == Life::OutOfSight) {
            std::thread::sleep(RECHECK_DELAY);
            let again = self.runs()?;
            // What is new since then is alive.
            runs = again.into_iter().filter(|(run, _)| runs.contains_key(run)).collect();
        }
        let mut leftovers = Leftovers::default();
        for (run, remains) in runs {
            if remains.life() == Life::Alive {
                leftovers.alive.push(run);
                continue;
            }
            for (id, name) in remains.containers {
                if dry || self.remove_container(&id)? {
                    leftovers.containers.push(name);
                }
            }
            for (id, name) in remains.networks {
                if dry {
                    leftovers.networks.push(name);
                    continue;
                }
                match self.remove_network(&id, LEFT_NETWORK_TRIES) {
                    // Nothing that a run needs: it has a network of its own.
                    Err(error) if error.is_network_in_use() => leftovers.held.push(name),
                    removed => {
                        if removed? {
                            leftovers.networks.push(name);
                        }
                    }
                }
            }
        }
        Ok(leftovers)
    }

    fn runs(&self) -> Result<BTreeMap<String, RunRemains>> {
        let mut runs: BTreeMap<String, RunRemains> = BTreeMap::new();
        let labelled = filters(&[("label", RUN_LABEL)]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&labelled).build();
        let listed = self.docker().list_containers(Some(options));
        for container in self.call("list containers", listed)? {
            let labels = container.labels.unwrap_or_default();
            let (Some(id), Some((run, owner))) = (container.id, owned(&labels)) else { continue };
            let name = container.names.unwrap_or_default().into_iter().next();
            let name = name.map_or_else(|| id.clone(), |n| n.trim_start_matches('/').to_owned());
            let remains = runs.entry(run).or_insert_with(|| RunRemains::new(owner));
            remains.is_running |= container.state == Some(ContainerSummaryStateEnum::RUNNING);
            remains.containers.push((id, name));
        }
        let options = ListNetworksOptionsBuilder::default().filters(&labelled).build();
        let listed = self.docker().list_networks(Some(options));
        for network in self.call("list networks", listed)? {
            let labels = network.labels.unwrap_or_default();
            let (Some(id), Some((run, owner))) = (network.id, owned(&labels)) else { continue };
            let remains = runs.entry(run).or_insert_with(|| RunRemains::new(owner));
            remains.networks.push((id.clone(), network.name.unwrap_or(id)));
        }
        Ok(runs)
    }

    /// Removes a container, running or not; false if another process was faster.
    pub(super) fn remove_container(&self, id: &str) -> Result<bool> {
        let options = RemoveContainerOptionsBuilder::default().force(true).build();
        let removed = self.docker().remove_container(id, Some(options));
        gone_or_done(self.call("remove a container", removed))
    }

    /// Removes a network, with so many tries; false if another process was faster.
    pub(super) fn remove_network(&self, id: &str, tries: u32) -> Result<bool> {
        for _ in 1..tries {
            match self.call("remove a network", self.docker().remove_network(id)) {
                Err(error) if error.is_network_in_use() => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                removed => return gone_or_done(removed),
            }
        }
        gone_or_done(self.call("remove a network", self.docker().remove_network(id)))
    }
}

/// The run that something belongs to, and its owner; `None` without an owner label of
/// this program.
fn owned(labels: &HashMap<String, String>) -> Option<(String, Owner)> {
    let owner = Owner::from_label(labels.get(OWNER_LABEL)?)?;
    Some((labels.get(RUN_LABEL)?.clone(), owner))
}

/// Whether this removed it; false if another process was faster.
fn gone_or_done(removed: Result<()>) -> Result<bool> {
    match removed {
        Ok(()) => Ok(true),
        // Not there, or its removal is already in progress.
        Err(DockerError::Refused { status: 404 | 409, .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_out_of_sight_is_alive_while_its_containers_run() {
        let mut gone = RunRemains::new(Owner::from_label("another-boot/1/2/3").unwrap());
        assert_eq!(gone.life(), Life::OutOfSight);
        gone.is_running = true;
        assert_eq!(gone.life(), Life::Alive);
        assert_eq!(RunRemains::new(Owner::this_process()).life(), Life::Alive);
    }

    #[test]
    fn resources_without_an_owner_label_are_ignored() {
        let labels = |pairs: &[(&str, &str)]| -> HashMap<String, String> {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        let own = Owner::this_process();
        assert_eq!(owned(&labels(&[(RUN_LABEL, "x")])), None);
        assert_eq!(owned(&labels(&[(RUN_LABEL, "x"), (OWNER_LABEL, "me")])), None);
        let whole = labels(&[(RUN_LABEL, "x"), (OWNER_LABEL, &own.label())]);
        assert_eq!(owned(&whole), Some(("x".to_owned(), own)));
    }
}
