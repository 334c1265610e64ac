//! Errors of a Docker engine, by intent, with hints.

use std::time::Duration;

use super::held_network::HeldNetwork;
use super::name::NAME;
use crate::backend::{BackendError, BackendErrorKind};

/// An operation of the engine failed. Each message fits after "failed to".
#[derive(Debug, thiserror::Error)]
pub(super) enum DockerError {
    /// Nothing responds at the engine's socket.
    #[error(
        "reach the Docker engine at {socket}: {cause}; start it (`sudo systemctl start docker`), \
         install it (Debian: `sudo apt-get install docker.io`), or name another socket \
         (`DOCKER_HOST=unix:///path`)"
    )]
    Absent {
        /// The path of the engine's socket.
        socket: String,
        /// Why the connection to it failed.
        cause: String,
    },
    /// The engine's socket exists, but nothing responds.
    #[error(
        "use the Docker engine at {socket}: no response within {} s; see `journalctl -u docker`, and \
         start it again (`sudo systemctl restart docker`)", waited.as_secs()
    )]
    Silent {
        /// The path of the engine's socket.
        socket: String,
        /// How long the lab waited for a response.
        waited: Duration,
    },
    /// This user may not use the engine's socket.
    #[error(
        "use the Docker engine at {socket}: permission denied; join the group that may use it \
         (`sudo usermod -aG docker $USER`, then log in again)"
    )]
    Forbidden {
        /// The path of the engine's socket.
        socket: String,
    },
    /// DOCKER_HOST names no socket of this machine.
    #[error(
        "use DOCKER_HOST={host}: the lab needs an engine on this machine, by its socket \
         (`DOCKER_HOST=unix:///var/run/docker.sock`)"
    )]
    NotLocal {
        /// The value of DOCKER_HOST.
        host: String,
    },
    /// The engine stopped answering.
    #[error(
        "{intent}: the Docker engine at {socket} no longer responds ({cause}); see \
         `journalctl -u docker`, start it again (`sudo systemctl start docker`), then resume with \
         `--resume`"
    )]
    Lost {
        /// The intent of the unanswered request.
        intent: String,
        /// The path of the engine's socket.
        socket: String,
        /// How the connection to it failed.
        cause: String,
    },
    /// The engine accepted a request and does not answer it.
    #[error(
        "{intent}: the Docker engine at {socket} has not answered for {} s, although it runs; wait until \
         the machine is less busy and run `queuelab clean`, and if that does not answer either, \
         restart it (`sudo systemctl restart docker`), then resume with `--resume`", waited.as_secs()
    )]
    Stuck {
        /// The intent of the unanswered request.
        intent: String,
        /// The path of the engine's socket.
        socket: String,
        /// How long the lab waited for a response.
        waited: Duration,
    },
    /// The engine refused a request.
    #[error("{intent}: the Docker engine reports: {message}")]
    Refused {
        /// The intent of the refused request.
        intent: String,
        /// The HTTP status: 404 if the object does not exist.
        status: u16,
        /// The reason in the engine's response.
        message: String,
    },
    /// The engine, or the kernel through it, refused a sysctl.
    #[error("set {name} in the {host} host: the Docker engine reports: {message}")]
    SysctlRefused {
        /// The host of the sysctl: `server` or `client`.
        host: &'static str,
        /// The refused sysctl.
        name: String,
        /// The reason in the engine's response.
        message: String,
    },
    /// A container ended although the lab had not stopped it.
    #[error("keep the {host} container {container} running: {what}; resume with `--resume`")]
    HostEnded {
        /// The host that ended: `server` or `client`.
        host: &'static str,
        /// The name of the host's container.
        container: String,
        /// How the container ended.
        what: String,
    },
    /// A container does not respond.
    #[error(
        "send a request to the {host} container {container}: no response within {} s; is it \
         paused, or the machine overloaded?", waited.as_secs()
    )]
    HostSilent {
        /// The host that does not respond: `server` or `client`.
        host: &'static str,
        /// The name of the host's container.
        container: String,
        /// How long the lab waited for a response.
        waited: Duration,
    },
    /// A request to a container failed.
    #[error("{reason}, in the {host} container")]
    HostFailed {
        /// The host of the request: `server` or `client`.
        host: &'static str,
        /// The error of the request.
        reason: String,
    },
    /// The image of a scenario's server did not become ready, or could not be prepared.
    #[error("start the image {image}: {reason}{output}")]
    ServerNotReady {
        /// Its name.
        image: String,
        /// What happened instead.
        reason: String,
        /// The end of its output, or nothing; begins with its introduction.
        output: String,
    },
    /// The hosts of a new testbed cannot reach each other.
    #[error(
        "join the hosts: {reason}, in the {host} container; see whether the machine's firewall \
         drops frames between containers (`iptables -L FORWARD`), or its table of neighbours is \
         full (`dmesg`; net.ipv4.neigh.default.gc_thresh3 is its size)"
    )]
    Unreachable {
        /// The host that cannot reach the other: `server` or `client`.
        host: &'static str,
        /// How the attempt to connect failed.
        reason: String,
    },
    /// The memory limit killed a process of a host.
    #[error(
        "keep the {host} host running: its memory limit of {limit_mib} MiB was reached, and the \
         kernel killed a process of it; the limit is for {clients} clients of the scenario's \
         settings, so check which setting needs more (`load.size`, `server.largest_body`, \
         `server.thread_stack`), then start a new run"
    )]
    OutOfMemory {
        /// The host of the killed process: `server` or `client`.
        host: &'static str,
        /// The memory limit of the host's container, MiB.
        limit_mib: u64,
        /// The number of clients in the largest cell.
        clients: u32,
    },
    /// The hosts are no longer connected.
    #[error("keep the hosts joined: {what}; resume with `--resume`")]
    NetworkGone {
        /// Which connection was lost.
        what: String,
    },
    /// Networks of dead runs that the engine does not remove.
    #[error(
        "remove {}: the Docker engine reports that it is in use; {}; then run `queuelab clean` again. Other runs \
         are not affected",
        names(networks),
        remedies(networks)
    )]
    NetworksInUse {
        /// The networks, and what is connected to them.
        networks: Vec<HeldNetwork>,
    },
    /// No part of 198.18.0.0/15 is free.
    #[error(
        "find a free subnet in 198.18.0.0/15: other networks use all of them; `queuelab clean` removes those of killed runs, \
         `docker network ls` shows the others"
    )]
    NoSubnet,
    /// The executable cannot be an image.
    #[error(
        "create an image of {path}: it is linked dynamically, and an image of one file has no \
         libraries; build a static one with `cargo build --release --package queuelab` in the \
         repository, whose .cargo/config.toml links statically"
    )]
    NotStatic {
        /// The path of the executable.
        path: String,
    },
    /// The engine has no such image.
    #[error(
        "run the image {name}: the engine has no image of that name, and there is no such file; \
         `docker images queuelab` lists its images"
    )]
    NoImage {
        /// The requested name.
        name: String,
    },
    /// The executable could not be read.
    #[error("create an image of {path}: {source}")]
    Executable {
        /// The path of the executable.
        path: String,
        /// The system's error when it was read.
        source: std::io::Error,
    },
    /// The threads for requests to the engine could not be started.
    #[error("start threads for requests to the Docker engine: {0}")]
    Runtime(std::io::Error),
}

impl DockerError {
    /// Whether a container could not be created because its image does not exist.
    pub(super) fn is_missing_image(&self) -> bool {
        matches!(self, Self::Refused { status: 404, message, .. } if message.contains("o such image"))
    }

    /// Whether a network could not be removed because something is joined to it.
    pub(super) fn is_network_in_use(&self) -> bool {
        matches!(self, Self::Refused { message, .. } if message.contains("active endpoints"))
    }
}

impl From<DockerError> for BackendError {
    fn from(error: DockerError) -> Self {
        use DockerError::{Absent, Forbidden, NoImage, NotLocal, Silent, SysctlRefused};
        let failed = Self::from_message(&error.to_string());
        match error {
            Absent { .. } | Silent { .. } | Forbidden { .. } | NotLocal { .. } => {
                failed.with_kind(BackendErrorKind::Unavailable { backend: NAME })
            }
            SysctlRefused { host, name, message } => {
                let reason = format!("the Docker engine reports: {message}");
                failed.for_sysctl(host, name, reason)
            }
            NoImage { .. } => failed.with_kind(BackendErrorKind::UnknownBuild),
            _ => failed,
        }
    }
}

fn names(networks: &[HeldNetwork]) -> String {
    let names: Vec<_> = networks.iter().map(|network| network.name.as_str()).collect();
    names.join(" and ")
}

fn remedies(networks: &[HeldNetwork]) -> String {
    let remedies: Vec<_> = networks.iter().map(HeldNetwork::remedy).collect();
    remedies.join("; ")
}

pub(super) type Result<T> = std::result::Result<T, DockerError>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_backend_may_work_if_no_engine_can_be_used() {
        let kind = |error| BackendError::from(error).kind;
        let forbidden = DockerError::Forbidden { socket: "/run/docker.sock".to_owned() };
        assert_eq!(kind(forbidden), BackendErrorKind::Unavailable { backend: NAME });
        assert_eq!(kind(DockerError::NoSubnet), BackendErrorKind::Failed);
    }

    #[test]
    fn what_to_do_for_a_network_that_is_not_removed_depends_on_what_is_in_it() {
        let held = |name: &str, connected: &[&str]| HeldNetwork {
            name: name.to_owned(),
            connected: connected.iter().map(|name| (*name).to_owned()).collect(),
        };
        let networks = vec![held("miscounted", &[]), held("used", &["web", "db"])];
        let text = DockerError::NetworksInUse { networks }.to_string();
        assert!(text.starts_with("remove miscounted and used: "), "{text}");
        assert!(text.contains("miscounted: the engine lists no container in it"), "{text}");
        assert!(text.contains("`sudo systemctl restart docker`"), "{text}");
        assert!(text.contains("`docker network disconnect --force used web`"), "{text}");
        assert!(text.contains("`docker network disconnect --force used db`"), "{text}");
        assert!(!text.contains("disconnect --force miscounted"), "{text}");
    }

    #[test]
    fn cause_and_hint_of_an_absent_engine_are_separate() {
        let absent = BackendError::from(DockerError::Absent {
            socket: "/run/x.sock".to_owned(),
            cause: "there is no such file".to_owned(),
        });
        assert_eq!(absent.intent, "reach the Docker engine at /run/x.sock");
        assert_eq!(absent.cause, "there is no such file");
        let hint = absent.hint.unwrap();
        assert!(hint.starts_with("start it (`sudo systemctl start docker`), "), "{hint}");
    }
}
