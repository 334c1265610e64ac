//! The limits on the number of clients of a cell: each client needs a socket on both
//! sides, and a thread of the server.

use std::fs;
use std::path::{Path, PathBuf};

use lab::Needs;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

/// Bit of CAP_SYS_RESOURCE, which raises hard limits.
const CAP_SYS_RESOURCE: u64 = 1 << 24;
/// Threads that a run needs besides those of the clients.
const SPARE_THREADS: u64 = 64;
/// Memory mappings of a thread, as measured: its stack and its signal stack,
/// each with a guard.
const MAPPINGS_PER_THREAD: u64 = 4;
/// Other mappings of the server, generously estimated.
const OTHER_MAPPINGS: u64 = 256;

/// Limits in force. `None` is a limit that does not exist or does not apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Limits {
    /// RLIMIT_NOFILE: open files of a process.
    pub(super) soft_files: u64,
    pub(super) hard_files: u64,
    /// fs.nr_open, if this process may raise its hard limit to it.
    pub(super) raisable_files: Option<u64>,
    /// RLIMIT_NPROC: threads of this user.
    pub(super) user_threads: Option<u64>,
    /// kernel.threads-max, for the machine.
    pub(super) max_threads: Option<u64>,
    /// kernel.pid_max, for the machine.
    pub(super) max_pids: Option<u64>,
    /// Threads that the machine has now.
    pub(super) threads_now: u64,
    /// Threads that the tightest control group of this process still allows (pids.max
    /// minus pids.current).
    pub(super) group_threads: Option<u64>,
    /// vm.max_map_count: memory mappings of a process.
    pub(super) mappings: Option<u64>,
}

/// How many clients a limit allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ceiling {
    pub(super) clients: u64,
    /// The name of the limit.
    pub(super) limit: &'static str,
    /// How to raise it; `{}` stands for the required value.
    raise: &'static str,
    /// Units of the limit that each client needs.
    per_client: u64,
    /// Units that everything else needs.
    reserved: u64,
}

impl Ceiling {
    /// How to allow this many clients.
    pub(super) fn hint(&self, clients: u64) -> String {
        self.raise.replace("{}", &(clients * self.per_client + self.reserved).to_string())
    }
}

impl Limits {
    /// Reads the limits of this process. Call it before the process enters a user
    /// namespace, whose capabilities do not raise the machine's limits.
    pub(super) fn read() -> Self {
        let (soft_files, hard_files) = read_limit(Resource::RLIMIT_NOFILE);
        let (user_threads, _) = read_limit(Resource::RLIMIT_NPROC);
        let is_outside = linux_net::in_initial_user_namespace();
        let may_raise = is_outside && has_capability(CAP_SYS_RESOURCE);
        // RLIMIT_NPROC does not apply to the machine's root (`copy_process`), nor to a
        // process that may raise it.
        let is_exempt = may_raise || is_outside && nix::unistd::getuid().is_root();
        Self {
            soft_files,
            hard_files,
            raisable_files: read_number("/proc/sys/fs/nr_open").filter(|_| may_raise),
            user_threads: Some(user_threads).filter(|&max| max != RLIM_INFINITY && !is_exempt),
            max_threads: read_number("/proc/sys/kernel/threads-max"),
            max_pids: read_number("/proc/sys/kernel/pid_max"),
            threads_now: threads_now().unwrap_or(0),
            group_threads: group_threads(),
            mappings: read_number("/proc/sys/vm/max_map_count"),
        }
    }

    /// Open files that a worker can have.
    pub(super) fn max_files(&self) -> u64 {
        self.hard_files.max(self.raisable_files.unwrap_or(0))
    }

    /// The ceiling of each limit, the tightest first.
    pub(super) fn ceilings(&self) -> Vec<Ceiling> {
        let ceiling = |max: u64, limit, raise, per_client, reserved: u64| Ceiling {
            clients: max.saturating_sub(reserved) / per_client,
            limit,
            raise,
            per_client,
            reserved,
        };
        let others = self.threads_now + SPARE_THREADS;
        let machine_ceiling =
            |max: Option<u64>, limit, raise| max.map(|max| ceiling(max, limit, raise, 1, others));
        let files = ceiling(
            self.max_files(),
            "the hard limit of open files",
            "run `prlimit --nofile={} --pid $$` as root in the shell first, or set LimitNOFILE={} \
             in a systemd unit",
            1,
            Needs::default().open_files(),
        );
        let user = self.user_threads.map(|max| {
            let raise = "run `prlimit --nproc={} --pid $$` as root in the shell first";
            ceiling(max, "this user's limit of processes (ulimit -u)", raise, 1, SPARE_THREADS)
        });
        let group = self.group_threads.map(|max| {
            let raise = "raise pids.max of this control group by {} (TasksMax= in a systemd unit, \
                         `docker run --pids-limit`)";
            ceiling(max, "the control group's pids.max", raise, 1, SPARE_THREADS)
        });
        let mappings = self.mappings.map(|max| {
            let raise = "run `sudo sysctl -w vm.max_map_count={}`";
            ceiling(max, "vm.max_map_count", raise, MAPPINGS_PER_THREAD, OTHER_MAPPINGS)
        });
        let threads = "run `sudo sysctl -w kernel.threads-max={}`";
        let ids = "run `sudo sysctl -w kernel.pid_max={}`";
        let mut ceilings: Vec<Ceiling> = [
            Some(files),
            user,
            group,
            mappings,
            machine_ceiling(self.max_threads, "kernel.threads-max", threads),
            machine_ceiling(self.max_pids, "kernel.pid_max", ids),
        ]
        .into_iter()
        .flatten()
        .collect();
        ceilings.sort_by_key(|ceiling| ceiling.clients);
        ceilings
    }
}

fn read_limit(resource: Resource) -> (u64, u64) {
    getrlimit(resource).expect("a process can always read its own limits")
}

fn has_capability(bit: u64) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let set = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
    set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).is_some_and(|set| set & bit != 0)
}

fn read_number(path: impl AsRef<Path>) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// The fourth field of /proc/loadavg: runnable threads / all threads.
fn threads_now() -> Option<u64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().nth(3)?.split_once('/')?.1.parse().ok()
}

/// Threads that the control groups of this process still allow: version 2, or the
/// `pids` controller of version 1.
fn group_threads() -> Option<u64> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    limiting_groups(&own).into_iter().filter_map(|(root, group)| remaining_in(&root, &group)).min()
}

/// Roots and paths of the groups that may limit threads, from
/// /proc/self/cgroup.
fn limiting_groups(own: &str) -> Vec<(PathBuf, PathBuf)> {
    own.lines()
        .filter_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let (controllers, path) = (fields.next()?, fields.next()?);
            let root = match controllers {
                "" => "/sys/fs/cgroup",
                c if c.split(',').any(|controller| controller == "pids") => "/sys/fs/cgroup/pids",
                _ => return None,
            };
            Some((root.into(), path.trim_start_matches('/').into()))
        })
        .collect()
}

/// The minimum that a group and its ancestors still allow.
fn remaining_in(root: &Path, group: &Path) -> Option<u64> {
    let remaining = |group: &Path| {
        let group = root.join(group);
        // `max` means no limit.
        let max = read_number(group.join("pids.max"))?;
        Some(max.saturating_sub(read_number(group.join("pids.current")).unwrap_or(0)))
    };
    group.ancestors().filter_map(remaining).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_limit_comes_first_with_how_to_raise_it() {
        let limits = Limits {
            soft_files: 1024,
            hard_files: 20_000,
            max_threads: Some(190_000),
            max_pids: Some(32_768),
            threads_now: 200,
            mappings: Some(65_530),
            ..Limits::default()
        };
        let ceilings = limits.ceilings();
        let found: Vec<_> = ceilings.iter().map(|c| (c.limit, c.clients)).collect();
        assert_eq!(
            found,
            [
                ("vm.max_map_count", 16_318),
                ("the hard limit of open files", 19_936),
                ("kernel.pid_max", 32_504),
                ("kernel.threads-max", 189_736),
            ]
        );
        assert_eq!(ceilings[0].hint(20_000), "run `sudo sysctl -w vm.max_map_count=80256`");
        assert!(ceilings[1].hint(20_000).contains("--nofile=20064 "));
    }

    #[test]
    fn a_process_that_may_raise_the_hard_limit_is_not_bound_by_it() {
        let limits = Limits { hard_files: 4096, ..Limits::default() };
        assert_eq!(limits.ceilings()[0].clients, 4032);
        let root = Limits { raisable_files: Some(1 << 20), ..limits };
        assert_eq!(root.max_files(), 1 << 20);
        assert_eq!(root.ceilings()[0].clients, (1 << 20) - 64);
    }

    #[test]
    fn groups_of_both_versions_are_found() {
        let own = "8:pids,cpu:/a/b\n7:blkio:/c\n0::/user.slice/x:y\n";
        assert_eq!(
            limiting_groups(own),
            [
                ("/sys/fs/cgroup/pids".into(), "a/b".into()),
                ("/sys/fs/cgroup".into(), "user.slice/x:y".into())
            ]
        );
    }

    #[test]
    fn the_tightest_ancestor_group_decides() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        let write = |path: &str, text: &str| fs::write(root.path().join(path), text).unwrap();
        assert_eq!(remaining_in(root.path(), Path::new("a/b")), None);
        write("a/b/pids.max", "max\n");
        write("a/pids.max", "500\n");
        write("a/pids.current", "20\n");
        write("pids.max", "1000\n");
        assert_eq!(remaining_in(root.path(), Path::new("a/b")), Some(480));
    }

    #[test]
    fn this_process_has_limits() {
        let limits = Limits::read();
        assert!(limits.hard_files >= limits.soft_files && limits.soft_files > 0);
        assert!(limits.threads_now > 0);
        assert!(limits.max_threads.is_some() && limits.max_pids.is_some());
    }
}
