//! The limits on the number of clients of a cell: each client needs a socket on both
//! sides, and threads of the server.

use chat_server::mappings_per_client;
use lab::Needs;
use linux_net::{Capability, ThreadLimit, read_number};
use nix::sys::resource::{Resource, getrlimit};
use report::count;

/// Other mappings of the server, generously estimated.
const OTHER_MAPPINGS: u64 = 2048;

/// Limits in force. `None` is a limit that does not exist or does not apply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Limits {
    /// RLIMIT_NOFILE: open files of a process.
    pub(super) soft_files: u64,
    pub(super) hard_files: u64,
    /// fs.nr_open, if this process may raise its hard limit to it.
    pub(super) raisable_files: Option<u64>,
    /// Limits on the number of threads.
    pub(super) threads: Vec<ThreadLimit>,
    /// vm.max_map_count: memory mappings of a process.
    pub(super) mappings: Option<u64>,
}

/// How many clients a limit allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ceiling {
    pub(super) clients: u64,
    limit: Limit,
    threads_per_client: u32,
}

/// What limits the number of clients.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Limit {
    Files,
    Threads(ThreadLimit),
    Mappings,
}

impl Ceiling {
    /// The name of the limit.
    pub(super) fn limit(&self) -> &'static str {
        match &self.limit {
            Limit::Files => "the hard limit of open files",
            Limit::Threads(limit) => limit.kind.name(),
            Limit::Mappings => "vm.max_map_count",
        }
    }

    /// How to allow this many clients.
    pub(super) fn hint(&self, clients: u64) -> String {
        match &self.limit {
            Limit::Files => {
                let files = clients + Needs::default().open_files();
                format!(
                    "run `prlimit --nofile={files} --pid $$` as root in the shell first, or set \
                     LimitNOFILE={files} in a systemd unit"
                )
            }
            Limit::Threads(limit) => {
                let threads = clients * u64::from(self.threads_per_client);
                limit.hint(threads + Needs::OTHER_THREADS)
            }
            Limit::Mappings => {
                let mappings =
                    clients * mappings_per_client(self.threads_per_client) + OTHER_MAPPINGS;
                format!("run `sudo sysctl -w vm.max_map_count={mappings}`")
            }
        }
    }
}

impl Limits {
    /// Reads the limits of this process. Call it before the process enters a user
    /// namespace, whose capabilities do not raise the machine's limits.
    pub(super) fn read() -> Self {
        let (soft_files, hard_files) =
            getrlimit(Resource::RLIMIT_NOFILE).expect("a process can always read its own limits");
        let may_raise = linux_net::in_initial_user_namespace()
            && linux_net::has_capability(Capability::SysResource);
        Self {
            soft_files,
            hard_files,
            raisable_files: read_number("/proc/sys/fs/nr_open").filter(|_| may_raise),
            threads: linux_net::thread_limits(),
            mappings: read_number("/proc/sys/vm/max_map_count"),
        }
    }

    /// Open files that a worker can have.
    pub(super) fn max_files(&self) -> u64 {
        self.hard_files.max(self.raisable_files.unwrap_or(0))
    }

    /// The ceiling of each limit if each client has so many threads of the server, the tightest
    /// first.
    pub(super) fn ceilings(&self, threads_per_client: u32) -> Vec<Ceiling> {
        let ceiling = |clients, limit| Ceiling { clients, limit, threads_per_client };
        let files =
            ceiling(self.max_files().saturating_sub(Needs::default().open_files()), Limit::Files);
        let threads = self.threads.iter().map(|&limit| {
            let left = limit.left().saturating_sub(Needs::OTHER_THREADS);
            let clients = left.checked_div(threads_per_client.into()).unwrap_or(u64::MAX);
            ceiling(clients, Limit::Threads(limit))
        });
        let mappings = self.mappings.map(|max| {
            let left = max.saturating_sub(OTHER_MAPPINGS);
            ceiling(left / mappings_per_client(threads_per_client), Limit::Mappings)
        });
        let mut ceilings: Vec<_> = std::iter::once(files).chain(mappings).chain(threads).collect();
        ceilings.sort_by_key(|ceiling| ceiling.clients);
        ceilings
    }

    /// The limits on the number of threads, for people.
    pub(super) fn describe_threads(&self) -> String {
        let describe = |limit: &ThreadLimit| {
            let (max, used) = (count(limit.max), count(limit.used));
            format!("{max} ({}, {used} in use)", limit.kind.name())
        };
        self.threads.iter().map(describe).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use linux_net::ThreadLimitKind;

    use super::*;

    #[test]
    fn the_tightest_limit_comes_first_with_how_to_raise_it() {
        let threads = |kind, max, used| ThreadLimit { kind, max, used };
        let limits = Limits {
            soft_files: 1024,
            hard_files: 20_000,
            threads: vec![
                threads(ThreadLimitKind::Threads, 190_000, 200),
                threads(ThreadLimitKind::User, 31_000, 12),
            ],
            mappings: Some(65_530),
            ..Limits::default()
        };
        let ceilings = limits.ceilings(1);
        let found: Vec<_> = ceilings.iter().map(|c| (c.limit(), c.clients)).collect();
        assert_eq!(
            found,
            [
                ("the hard limit of open files", 19_936),
                ("vm.max_map_count", 21_160),
                ("RLIMIT_NPROC", 30_956),
                ("kernel.threads-max", 189_768),
            ]
        );
        assert!(ceilings[0].hint(20_000).contains("--nofile=20064 "));
        assert_eq!(ceilings[1].hint(30_000), "run `sudo sysctl -w vm.max_map_count=92048`");
        assert!(ceilings[2].hint(40_000).contains("--nproc=40044 "));
        let two = limits.ceilings(2);
        let found: Vec<_> = two.iter().map(|c| (c.limit(), c.clients)).collect();
        assert_eq!(found[..2], [("vm.max_map_count", 12_696), ("RLIMIT_NPROC", 15_478)]);
        assert!(two[1].hint(40_000).contains("--nproc=80044 "));
    }

    #[test]
    fn a_process_that_may_raise_the_hard_limit_is_not_bound_by_it() {
        let limits = Limits { hard_files: 4096, ..Limits::default() };
        assert_eq!(limits.ceilings(1)[0].clients, 4032);
        let root = Limits { raisable_files: Some(1 << 20), ..limits };
        assert_eq!(root.max_files(), 1 << 20);
        assert_eq!(root.ceilings(1)[0].clients, (1 << 20) - 64);
    }

    #[test]
    fn this_process_has_limits() {
        let limits = Limits::read();
        assert!(limits.hard_files >= limits.soft_files && limits.soft_files > 0);
        assert!(limits.mappings.is_some() && limits.threads.len() >= 2, "{limits:?}");
    }
}
