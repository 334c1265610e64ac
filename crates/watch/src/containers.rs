//! Names of containers.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use bollard::query_parameters::ListContainersOptions;
use bollard::{API_DEFAULT_VERSION, Docker};
use linux_net::monotonic_ns;

/// Hexadecimal digits of a container's ID.
const ID_DIGITS: usize = 64;

/// Digits of an ID that are shown, as by `docker ps`.
pub(crate) const SHOWN_DIGITS: usize = 12;

/// The socket of the engine.
const SOCKET: &str = "/var/run/docker.sock";

/// How long its answer is waited for, seconds.
const TIMEOUT_SECONDS: u64 = 2;

/// The names of the containers that an engine has, if one answers.
#[derive(Debug, Default)]
pub(crate) struct Containers {
    names: HashMap<String, String>,
    /// IDs whose name is not known: how often the engine was asked, and when last.
    asked: HashMap<String, (u32, u64)>,
    /// When the engine was asked last.
    asked_ns: u64,
}

/// How often the engine is asked for the name of one container: it may not run yet when its first
/// process does.
const MAX_TIMES: u32 = 5;

/// From one question to the next, nanoseconds: for one container, and for any.
const AGAIN_NS: u64 = 5_000_000_000;
const ANY_NS: u64 = 1_000_000_000;

/// IDs that are remembered: any process with a control group of its own may have invented one.
const MAX_REMEMBERED: usize = 2_000;

impl Containers {
    /// The name of the container of a process: the engine's, or the start of its ID. `None` if
    /// it is in none, as far as its control group shows.
    pub(crate) fn of_process(&mut self, pid: u32) -> Option<String> {
        let id = container_id(&fs::read_to_string(format!("/proc/{pid}/cgroup")).ok()?)?;
        if !self.names.contains_key(&id) && self.may_ask(&id, monotonic_ns()) {
            self.names = list();
        }
        let short = || id[..SHOWN_DIGITS].to_owned();
        Some(self.names.get(&id).cloned().unwrap_or_else(short))
    }
}

impl Containers {
    fn may_ask(&mut self, id: &str, now_ns: u64) -> bool {
        if self.asked.len() >= MAX_REMEMBERED {
            self.asked.clear();
        }
        let (times, last_ns) = self.asked.entry(id.to_owned()).or_default();
        let may = *times < MAX_TIMES
            && (*times == 0 || now_ns.saturating_sub(*last_ns) >= AGAIN_NS)
            && (self.asked_ns == 0 || now_ns.saturating_sub(self.asked_ns) >= ANY_NS);
        if may {
            (*times, *last_ns, self.asked_ns) = (*times + 1, now_ns, now_ns);
        }
        may
    }
}

/// The ID in a text such as /proc/PID/cgroup: of the innermost container.
fn container_id(groups: &str) -> Option<String> {
    let is_digit = |c: char| c.is_ascii_hexdigit();
    let mut words = groups.split(|c: char| !is_digit(c));
    words.rfind(|word| word.len() == ID_DIGITS).map(str::to_owned)
}

/// The names of the running containers whose IDs begin with one of these, of which each has at least
/// [`LEAST_DIGITS`] digits.
pub(crate) fn names_of(wanted: &[String]) -> Vec<String> {
    let is_id =
        |text: &&String| text.len() >= LEAST_DIGITS && text.chars().all(|c| c.is_ascii_hexdigit());
    let ids: Vec<_> = wanted.iter().filter(is_id).collect();
    if ids.is_empty() {
        return Vec::new();
    }
    let all = list().into_iter();
    all.filter(|(id, _)| ids.iter().any(|it| id.starts_with(*it))).map(|(_, name)| name).collect()
}

/// The shortest part of an ID that is taken for one.
const LEAST_DIGITS: usize = 4;

/// IDs and names of the containers that run; empty if no engine answers.
fn list() -> HashMap<String, String> {
    if !Path::new(SOCKET).exists() {
        return HashMap::new();
    }
    let list = async {
        let docker =
            Docker::connect_with_unix(SOCKET, TIMEOUT_SECONDS, API_DEFAULT_VERSION).ok()?;
        let listed = docker.list_containers(None::<ListContainersOptions>);
        tokio::time::timeout(Duration::from_secs(TIMEOUT_SECONDS), listed).await.ok()?.ok()
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let containers = runtime.ok().and_then(|runtime| runtime.block_on(list)).unwrap_or_default();
    let named = containers.into_iter().filter_map(|container| {
        let name = container.names?.into_iter().next()?;
        Some((container.id?, name.trim_start_matches('/').to_owned()))
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_is_asked_a_few_times_for_each_container_and_not_too_often() {
        const SECOND: u64 = 1_000_000_000;
        let mut containers = Containers::default();
        assert!(containers.may_ask("one", 10 * SECOND));
        assert!(!containers.may_ask("two", 10 * SECOND + SECOND / 2));
        assert!(containers.may_ask("two", 11 * SECOND));
        assert!(!containers.may_ask("one", 14 * SECOND));
        let times = (3..100).filter(|n| containers.may_ask("one", n * 5 * SECOND)).count();
        assert_eq!(times, 4);
    }

    #[test]
    fn the_innermost_container_is_found_in_every_form() {
        let id = "0123456789abcdef".repeat(4);
        let other = "f".repeat(ID_DIGITS);
        for groups in [
            format!("0::/system.slice/docker-{id}.scope\n"),
            format!("12:cpu:/docker/{id}\n0::/\n"),
            format!("0::/kubepods.slice/kubepods-pod12.slice/cri-containerd-{id}.scope"),
            format!("0::/machine.slice/libpod-{id}.scope/container"),
            format!("0::/docker/{other}/docker/{id}"),
        ] {
            assert_eq!(container_id(&groups).as_deref(), Some(id.as_str()), "{groups}");
        }
        for groups in ["", "0::/", "0::/user.slice/user-1000.slice", &format!("0::/{id}0")] {
            assert_eq!(container_id(groups), None, "{groups}");
        }
    }
}
