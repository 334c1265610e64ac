//! The limits on the number of threads: of a user, a control group and the machine.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::unistd::getuid;

use crate::capability::{Capability, has_capability};
use crate::user_namespace::in_initial_user_namespace;

/// Which limit on the number of threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThreadLimitKind {
    /// RLIMIT_NPROC: threads of this user.
    User,
    /// pids.max: threads of a control group and the groups below it.
    ControlGroup,
    /// kernel.threads-max: threads of the machine.
    Threads,
    /// kernel.pid_max: ids of threads.
    Ids,
}

impl ThreadLimitKind {
    /// The name of the limit.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "RLIMIT_NPROC",
            Self::ControlGroup => "pids.max of the control group",
            Self::Threads => "kernel.threads-max",
            Self::Ids => "kernel.pid_max",
        }
    }
}

/// A limit on the number of threads, which applies to this process and its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ThreadLimit {
    /// Which limit it is.
    pub kind: ThreadLimitKind,
    /// Maximum of threads.
    pub max: u64,
    /// Threads that it counts now, of those that this process can see.
    pub used: u64,
}

impl ThreadLimit {
    /// Threads that can still start.
    pub fn left(&self) -> u64 {
        self.max.saturating_sub(self.used)
    }

    /// How to let this many more threads start.
    pub fn hint(&self, threads: u64) -> String {
        let max = self.used.saturating_add(threads);
        match self.kind {
            ThreadLimitKind::User => {
                format!("run `prlimit --nproc={max} --pid $$` as root in the shell first")
            }
            ThreadLimitKind::ControlGroup => format!(
                "raise it to {max} (TasksMax={max} in a systemd unit, `docker run \
                 --pids-limit={max}`)"
            ),
            ThreadLimitKind::Threads | ThreadLimitKind::Ids => {
                format!("run `sudo sysctl -w {}={max}`", self.kind.name())
            }
        }
    }
}

/// The name and the value of the limit.
impl fmt::Display for ThreadLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.max)
    }
}

/// A limit does not allow as many threads as are needed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "allow {needed} more threads ({limit}, of which {} are in use): {}, or use fewer connections",
    limit.used,
    limit.hint(*needed)
)]
pub struct ThreadsError {
    /// The number of threads to start.
    pub needed: u64,
    /// The limit that allows the fewest.
    pub limit: ThreadLimit,
}

/// Checks that `needed` more threads can start, as far as limits can be read.
///
/// # Errors
/// [`ThreadsError`], with the limit that allows the fewest.
pub fn require_threads(needed: u64) -> Result<(), ThreadsError> {
    require(needed, &thread_limits())
}

fn require(needed: u64, limits: &[ThreadLimit]) -> Result<(), ThreadsError> {
    match limits.iter().min_by_key(|limit| limit.left()) {
        Some(&limit) if limit.left() < needed => Err(ThreadsError { needed, limit }),
        _ => Ok(()),
    }
}

/// The limits on the number of threads that apply to this process and can be read.
pub fn thread_limits() -> Vec<ThreadLimit> {
    let of_machine = |kind, path| {
        let used = threads_of_machine().unwrap_or(0);
        Some(ThreadLimit { kind, max: read_number(path)?, used })
    };
    [
        user_limit(),
        group_limit(),
        of_machine(ThreadLimitKind::Threads, "/proc/sys/kernel/threads-max"),
        of_machine(ThreadLimitKind::Ids, "/proc/sys/kernel/pid_max"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn user_limit() -> Option<ThreadLimit> {
    // It applies neither to the machine's root nor to a process with one of these
    // capabilities over the machine (`copy_process`).
    let is_exempt = in_initial_user_namespace()
        && (getuid().is_root()
            || has_capability(Capability::SysResource)
            || has_capability(Capability::SysAdmin));
    let (max, _) = getrlimit(Resource::RLIMIT_NPROC).expect("RLIMIT_NPROC can always be read");
    (max != RLIM_INFINITY && !is_exempt).then(|| ThreadLimit {
        kind: ThreadLimitKind::User,
        max,
        used: threads_of_user(getuid().as_raw()),
    })
}

/// The threads of this user in all processes that can be seen.
fn threads_of_user(user: u32) -> u64 {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let threads = processes.filter_map(|process| {
        let status = fs::read_to_string(process.path().join("status")).ok()?;
        let field = |name| {
            let value = status.lines().find_map(|line| line.strip_prefix(name))?;
            value.split_whitespace().next()?.parse::<u64>().ok()
        };
        field("Threads:").filter(|_| field("Uid:") == Some(user.into()))
    });
    threads.sum()
}

/// The fourth field of /proc/loadavg: runnable threads / all threads.
fn threads_of_machine() -> Option<u64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().nth(3)?.split_once('/')?.1.parse().ok()
}

/// The tightest limit of the control groups of this process: of version 2, or of the
/// `pids` controller of version 1.
fn group_limit() -> Option<ThreadLimit> {
    let own = fs::read_to_string("/proc/self/cgroup").ok()?;
    let limits = limiting_groups(&own, "pids").into_iter();
    limits.filter_map(|(root, group)| tightest(&root, &group)).min_by_key(ThreadLimit::left)
}

/// Roots and paths of the groups that may limit what a controller counts, from
/// /proc/self/cgroup: of version 2, or of that controller of version 1.
pub(crate) fn limiting_groups(own: &str, controller: &str) -> Vec<(PathBuf, PathBuf)> {
    own.lines()
        .filter_map(|line| {
            let mut fields = line.splitn(3, ':').skip(1);
            let (controllers, path) = (fields.next()?, fields.next()?);
            let root = match controllers {
                "" => PathBuf::from("/sys/fs/cgroup"),
                some if some.split(',').any(|one| one == controller) => {
                    Path::new("/sys/fs/cgroup").join(controller)
                }
                _ => return None,
            };
            Some((root, path.trim_start_matches('/').into()))
        })
        .collect()
}

/// The limit that allows the fewest threads, of a group and its ancestors.
fn tightest(root: &Path, group: &Path) -> Option<ThreadLimit> {
    let limit = |group: &Path| {
        let group = root.join(group);
        // `max` means no limit.
        let max = read_number(group.join("pids.max"))?;
        let used = read_number(group.join("pids.current")).unwrap_or(0);
        Some(ThreadLimit { kind: ThreadLimitKind::ControlGroup, max, used })
    };
    group.ancestors().filter_map(limit).min_by_key(ThreadLimit::left)
}

/// The number in a file such as those of /proc/sys; `None` if there is none.
pub fn read_number(path: impl AsRef<Path>) -> Option<u64> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_that_allows_the_fewest_threads_decides() {
        let limit = |kind, max, used| ThreadLimit { kind, max, used };
        let limits = [
            limit(ThreadLimitKind::Threads, 190_000, 200),
            limit(ThreadLimitKind::User, 4096, 1000),
            limit(ThreadLimitKind::ControlGroup, 3500, 300),
        ];
        assert_eq!(require(3096, &limits), Ok(()));
        let error = require(3097, &limits).unwrap_err();
        assert_eq!(
            error.to_string(),
            "allow 3097 more threads (RLIMIT_NPROC 4096, of which 1000 are in use): run `prlimit \
             --nproc=4097 --pid $$` as root in the shell first, or use fewer connections"
        );
        let text = require(3300, &limits[2..]).unwrap_err().to_string();
        assert!(text.contains("pids.max of the control group 3500, of which 300"), "{text}");
        assert!(text.contains("TasksMax=3600"), "{text}");
        assert_eq!(require(u64::MAX, &[]), Ok(()), "no limit can be read");
    }

    #[test]
    fn groups_of_both_versions_are_found() {
        let own = "8:pids,cpu:/a/b\n7:blkio:/c\n0::/user.slice/x:y\n";
        assert_eq!(
            limiting_groups(own, "pids"),
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
        assert_eq!(tightest(root.path(), Path::new("a/b")), None);
        write("a/b/pids.max", "max\n");
        write("a/pids.max", "500\n");
        write("a/pids.current", "20\n");
        write("pids.max", "1000\n");
        let limit = tightest(root.path(), Path::new("a/b")).unwrap();
        assert_eq!((limit.max, limit.used, limit.left()), (500, 20, 480));
    }

    #[test]
    fn limits_of_this_machine_are_read_with_their_use() {
        let own = std::thread::spawn(|| threads_of_user(getuid().as_raw())).join().unwrap();
        assert!(own >= 2, "{own}");
        let limits = thread_limits();
        for kind in [ThreadLimitKind::Threads, ThreadLimitKind::Ids] {
            let limit = limits.iter().find(|limit| limit.kind == kind).unwrap();
            assert!(limit.used > 0 && limit.max > limit.used, "{limit:?}");
        }
    }
}
