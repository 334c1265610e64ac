//! Resources of killed runs.
//!
//! Every resource of a run has its label and its owner's. A run is dead if its owner is.
//! If the owner is not visible (in another container, on another machine), the run is
//! dead if none of its containers runs, because each of them ends with its owner.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bollard::models::{ContainerSummaryStateEnum, NetworkDisconnectRequest};
use bollard::query_parameters::{
    InspectContainerOptions, InspectNetworkOptions, ListContainersOptionsBuilder,
    ListNetworksOptionsBuilder, RemoveContainerOptionsBuilder,
};

use super::engine::Engine;
use super::error::{DockerError, Result};
use super::held_network::HeldNetwork;
use super::labels::{OWNER_LABEL, RUN_LABEL, filters};
use super::owner::{Life, Owner};

/// Between two trials an active run may have no container for a moment: one whose owner
/// is not visible is dead if it has none twice, at this interval.
const RECHECK_DELAY: Duration = Duration::from_secs(3);
/// Attempts to remove a network, a tenth of a second apart: containers that are being
/// removed are connected for a moment longer.
pub(super) const OWN_NETWORK_ATTEMPTS: u32 = 50;
/// Attempts to remove a network of a killed run, whose containers have been removed.
const DEAD_NETWORK_ATTEMPTS: u32 = 10;

/// How often a container that is being removed is looked for, a tenth of a second apart.
const REMOVAL_ATTEMPTS: u32 = 100;

/// Resources that were found, or removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Leftovers {
    /// Names of containers of dead runs.
    pub(super) containers: Vec<String>,
    /// Names of networks of dead runs.
    pub(super) networks: Vec<String>,
    /// Networks of dead runs that the engine does not remove.
    pub(super) held: Vec<HeldNetwork>,
    /// Names, or ids, of images that this program built; only on request.
    pub(super) images: Vec<String>,
    /// Active runs, which were not touched.
    pub(super) alive: Vec<String>,
}

/// The resources of a run.
#[derive(Debug)]
struct RunResources {
    owner: Owner,
    /// Id and name of each.
    containers: Vec<(String, String)>,
    networks: Vec<(String, String)>,
    is_running: bool,
}

impl RunResources {
    fn new(owner: Owner) -> Self {
        Self { owner, containers: Vec::new(), networks: Vec::new(), is_running: false }
    }

    fn life(&self) -> Life {
        match self.owner.life() {
            Life::NotVisible if self.is_running => Life::Alive,
            life => life,
        }
    }
}

impl Engine {
    /// Removes the resources of dead runs; with `dry`, only finds them.
    pub(super) fn remove_leftovers(&self, dry: bool) -> Result<Leftovers> {
        let mut runs = self.runs()?;
        if runs.values().any(|resources| resources.life() == Life::NotVisible) {
            std::thread::sleep(RECHECK_DELAY);
            let current = self.runs()?;
            // New runs are alive.
            runs = current.into_iter().filter(|(run, _)| runs.contains_key(run)).collect();
        }
        let mut leftovers = Leftovers::default();
        for (run, resources) in runs {
            if resources.life() == Life::Alive {
                leftovers.alive.push(run);
                continue;
            }
            for (id, name) in resources.containers {
                if dry || self.remove_container(&id)? {
                    leftovers.containers.push(name);
                }
            }
            for (id, name) in resources.networks {
                if dry {
                    leftovers.networks.push(name);
                    continue;
                }
                match self.remove_network(&id, DEAD_NETWORK_ATTEMPTS) {
                    // Not an error: each run has its own network.
                    Err(error) if error.is_network_in_use() => {
                        let connected = self.containers_in(&id)?;
                        leftovers.held.push(HeldNetwork { name, connected });
                    }
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

    fn runs(&self) -> Result<BTreeMap<String, RunResources>> {
        let mut runs: BTreeMap<String, RunResources> = BTreeMap::new();
        let labelled = filters(&[("label", RUN_LABEL)]);
        let options = ListContainersOptionsBuilder::default().all(true).filters(&labelled).build();
        let listed = self.docker().list_containers(Some(options));
        for container in self.call("list containers", listed)? {
            let labels = container.labels.unwrap_or_default();
            let (Some(id), Some((run, owner))) = (container.id, owned(&labels)) else { continue };
            let name = container.names.unwrap_or_default().into_iter().next();
            let name = name.map_or_else(|| id.clone(), |n| n.trim_start_matches('/').to_owned());
            let resources = runs.entry(run).or_insert_with(|| RunResources::new(owner));
            resources.is_running |= container.state == Some(ContainerSummaryStateEnum::RUNNING);
            resources.containers.push((id, name));
        }
        let options = ListNetworksOptionsBuilder::default().filters(&labelled).build();
        let listed = self.docker().list_networks(Some(options));
        for network in self.call("list networks", listed)? {
            let labels = network.labels.unwrap_or_default();
            let (Some(id), Some((run, owner))) = (network.id, owned(&labels)) else { continue };
            let resources = runs.entry(run).or_insert_with(|| RunResources::new(owner));
            resources.networks.push((id.clone(), network.name.unwrap_or(id)));
        }
        Ok(runs)
    }

    /// Removes a container, running or not, with its own volumes; false if another process, or the engine itself at
    /// the container's end, was faster.
    pub(super) fn remove_container(&self, id: &str) -> Result<bool> {
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        let removed = self.docker().remove_container(id, Some(options));
        let removed = self.call_on_network("remove a container", removed);
        if matches!(removed, Err(DockerError::Refused { status: 409, .. })) {
            self.await_removal(id)?;
        }
        was_removed(removed)
    }

    /// Waits until a container that is being removed is gone, for a limited time.
    fn await_removal(&self, id: &str) -> Result<()> {
        for _ in 0..REMOVAL_ATTEMPTS {
            let inspected = self.docker().inspect_container(id, None::<InspectContainerOptions>);
            match self.call("inspect a container", inspected) {
                Ok(_) => std::thread::sleep(Duration::from_millis(100)),
                Err(DockerError::Refused { status: 404, .. }) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Removes a network, with this number of attempts; false if another process was
    /// faster.
    pub(super) fn remove_network(&self, id: &str, attempts: u32) -> Result<bool> {
        for _ in 1..attempts {
            match self.call("remove a network", self.docker().remove_network(id)) {
                Err(error) if error.is_network_in_use() => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                removed => return was_removed(removed),
            }
        }
        for container in self.network_members(id)?.into_iter().filter(Member::is_gone) {
            let request = NetworkDisconnectRequest { container: container.name, force: Some(true) };
            let disconnected = self.docker().disconnect_network(id, request);
            // If it fails, the network cannot be removed, which is reported.
            let _ = self.call_on_network("disconnect a removed container", disconnected);
        }
        was_removed(self.call("remove a network", self.docker().remove_network(id)))
    }

    /// The names of the containers in a network.
    fn containers_in(&self, network: &str) -> Result<Vec<String>> {
        let mut names: Vec<_> =
            self.network_members(network)?.into_iter().map(|member| member.name).collect();
        names.sort();
        Ok(names)
    }

    fn network_members(&self, id: &str) -> Result<Vec<Member>> {
        let inspected = self.docker().inspect_network(id, None::<InspectNetworkOptions>);
        match self.call("inspect a network", inspected) {
            Ok(found) => Ok(found
                .containers
                .unwrap_or_default()
                .into_iter()
                .map(|(key, container)| Member {
                    name: container.name.unwrap_or_else(|| key.clone()),
                    key,
                })
                .collect()),
            // It was removed meanwhile.
            Err(DockerError::Refused { status: 404, .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// What the engine lists in a network.
#[derive(Debug)]
struct Member {
    /// The id of a container, or of an endpoint whose container is gone.
    key: String,
    name: String,
}

impl Member {
    /// Whether its container was removed, and only its place in the network is left.
    fn is_gone(&self) -> bool {
        self.key.starts_with("ep-")
    }
}

/// The run that something belongs to, and its owner; `None` without an owner label of
/// this program.
fn owned(labels: &HashMap<String, String>) -> Option<(String, Owner)> {
    let owner = Owner::from_label(labels.get(OWNER_LABEL)?)?;
    Some((labels.get(RUN_LABEL)?.clone(), owner))
}

/// Whether this removed it; false if another process was faster.
fn was_removed(removed: Result<()>) -> Result<bool> {
    match removed {
        Ok(()) => Ok(true),
        // It does not exist, or is already being removed.
        Err(DockerError::Refused { status: 404 | 409, .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_with_an_invisible_owner_is_alive_while_its_containers_run() {
        let mut remote = RunResources::new(Owner::from_label("another-boot/1/2/3").unwrap());
        assert_eq!(remote.life(), Life::NotVisible);
        remote.is_running = true;
        assert_eq!(remote.life(), Life::Alive);
        assert_eq!(RunResources::new(Owner::this_process()).life(), Life::Alive);
    }

    #[test]
    fn resources_without_an_owner_label_are_ignored() {
        let labels = |pairs: &[(&str, &str)]| -> HashMap<String, String> {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        let own = Owner::this_process();
        assert_eq!(owned(&labels(&[(RUN_LABEL, "x")])), None);
        assert_eq!(owned(&labels(&[(RUN_LABEL, "x"), (OWNER_LABEL, "me")])), None);
        let complete = labels(&[(RUN_LABEL, "x"), (OWNER_LABEL, &own.label())]);
        assert_eq!(owned(&complete), Some(("x".to_owned(), own)));
    }
}
