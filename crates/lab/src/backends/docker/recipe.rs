//! The configuration of a host's container.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;

use bollard::models::{
    ContainerCreateBody, EndpointIpamConfig, EndpointSettings, HostConfig, HostConfigLogConfig,
    NetworkingConfig,
};
use indexmap::IndexMap;

use super::network::Network;
use crate::backend::{Needs, Role};

/// The user of a host's processes, who owns no files.
const UNPRIVILEGED_USER: &str = "65534:65534";
const PORT_START: &str = linux_net::Sysctl::IpUnprivilegedPortStart.name();
pub(super) const MIB: u64 = 1 << 20;
/// Maximum number of processes and threads of a program that prints its version.
const SETTER_PIDS: i64 = 16;
/// Memory limit of such a program, bytes.
const SETTER_MEMORY: u64 = 64 * MIB;

/// Hosts of the same kind are interchangeable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct HostKind {
    pub(super) role: Role,
    pub(super) sysctls: IndexMap<String, String>,
    pub(super) addresses: u32,
    /// Whether its worker attaches socket filters.
    pub(super) filters: bool,
    /// Whether the container of an image joins it.
    pub(super) image: bool,
}

impl HostKind {
    /// The sysctls that the engine sets when it starts the container: the requested ones
    /// except the `late` ones, and one that the engine would otherwise change, which
    /// affects the ports of a client.
    fn sysctls_set(&self, late: &HashSet<String>) -> HashMap<String, String> {
        let mut sysctls: HashMap<_, _> = self.sysctls.clone().into_iter().collect();
        if self.role == Role::Client {
            // As in every new network namespace (PROT_SOCK in include/net/ip.h); an
            // engine sets it to 0. For the server that is right: it may not bind lower
            // ports otherwise.
            sysctls.entry(PORT_START.to_owned()).or_insert_with(|| "1024".to_owned());
        }
        sysctls.retain(|name, _| !late.contains(name));
        sysctls
    }

    /// The `late` ones, in the order of the scenario.
    pub(super) fn sysctls_set_late<'a>(
        &'a self,
        late: &'a HashSet<String>,
    ) -> impl Iterator<Item = (&'a String, &'a String)> {
        self.sysctls.iter().filter(|(name, _)| late.contains(*name))
    }

    /// Whether one sysctl of it may depend on another.
    pub(super) fn has_several_sysctls(&self) -> bool {
        self.sysctls_set(&HashSet::new()).len() > 1
    }
}

/// Image, labels and limits of every container of a run.
#[derive(Debug, Clone)]
pub(super) struct ContainerLimits {
    pub(super) image: String,
    pub(super) labels: HashMap<String, String>,
    pub(super) needs: Needs,
}

impl ContainerLimits {
    /// Processes and threads: those of the clients, and some for the agent, server or load,
    /// probe, and several listeners.
    fn pids(&self) -> i64 {
        let Needs { clients, threads_per_client, .. } = self.needs;
        i64::from(clients) * i64::from(threads_per_client.max(1)) + 160
    }

    /// Memory, bytes: what the workers themselves need, and for each client its threads'
    /// stacks and 1 MiB of buffers and records, of which the server leaves half to large
    /// messages.
    pub(super) fn memory(&self) -> u64 {
        let Needs { clients, threads_per_client, thread_stack, .. } = self.needs;
        let stacks = u64::from(threads_per_client) * thread_stack;
        256 * MIB + u64::from(clients) * (stacks + MIB)
    }
}

/// The request to create the container.
pub(super) fn body(
    kind: &HostKind,
    late: &HashSet<String>,
    limits: &ContainerLimits,
    network: &Network,
    address: Ipv4Addr,
) -> ContainerCreateBody {
    // Only these hosts need more than an ordinary process: they add addresses, or attach
    // a filter to a socket; or they stop the processes of other users.
    let administers = kind.addresses > 1 || kind.filters;
    let added = [(administers, "NET_ADMIN"), (kind.image, "KILL")];
    let added: Vec<_> =
        added.iter().filter(|(needed, _)| *needed).map(|(_, name)| (*name).to_owned()).collect();
    let privileged = !added.is_empty();
    let host_config = HostConfig {
        // By its id: names need not be unique.
        network_mode: Some(network.id.clone()),
        sysctls: Some(kind.sysctls_set(late)),
        cap_add: privileged.then_some(added),
        auto_remove: Some(true),
        ..confined(limits.pids(), limits.memory())
    };
    let endpoint = EndpointSettings {
        ipam_config: Some(EndpointIpamConfig {
            ipv4_address: Some(address.to_string()),
            ..Default::default()
        }),
        ..Default::default()
    };
    ContainerCreateBody {
        image: Some(limits.image.clone()),
        cmd: Some(vec!["host".to_owned()]),
        user: (!privileged).then(|| UNPRIVILEGED_USER.to_owned()),
        labels: Some(limits.labels.clone()),
        open_stdin: Some(true),
        // The agent exits when the lab closes its side of standard input.
        stdin_once: Some(true),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        host_config: Some(host_config),
        networking_config: Some(NetworkingConfig {
            endpoints_config: Some([(network.id.clone(), endpoint)].into()),
        }),
        ..Default::default()
    }
}

/// A container whose start sets one more sysctl in `host`'s network namespace: the engine
/// does that before the container's process starts.
pub(super) fn setter(
    host: &str,
    name: &str,
    value: &str,
    limits: &ContainerLimits,
) -> ContainerCreateBody {
    let host_config = HostConfig {
        network_mode: Some(format!("container:{host}")),
        sysctls: Some([(name.to_owned(), value.to_owned())].into()),
        ..confined(SETTER_PIDS, SETTER_MEMORY)
    };
    ContainerCreateBody {
        image: Some(limits.image.clone()),
        cmd: Some(vec!["--version".to_owned()]),
        user: Some(UNPRIVILEGED_USER.to_owned()),
        labels: Some(limits.labels.clone()),
        host_config: Some(host_config),
        ..Default::default()
    }
}

/// The limits of every container of a run: processes and threads, memory in bytes.
fn confined(pids: i64, memory: u64) -> HostConfig {
    HostConfig {
        cap_drop: Some(vec!["ALL".to_owned()]),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        readonly_rootfs: Some(true),
        pids_limit: Some(pids),
        memory: Some(memory.cast_signed()),
        // The same as `memory`, so the container cannot swap.
        memory_swap: Some(memory.cast_signed()),
        // The lab reads its output; the engine need not store it.
        log_config: Some(HostConfigLogConfig { typ: Some("none".to_owned()), config: None }),
        ..Default::default()
    }
}
