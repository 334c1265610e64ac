//! What limits the files, threads, mappings and memory of this process.

use std::fs;
use std::path::Path;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

use crate::thread_limits::{ThreadLimit, limiting_groups, read_number, thread_limits};

/// A limit of a control group of version 1 that is none: it is stored in pages, and the file
/// shows the largest multiple of a page.
const NO_LIMIT: u64 = 1 << 62;

/// Limits in force, and what of them is in use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProcessLimits {
    /// The soft limit RLIMIT_NOFILE: open files of a process.
    pub files: u64,
    /// Files that this process has open.
    pub files_now: u64,
    /// Limits on the number of threads.
    pub threads: Vec<ThreadLimit>,
    /// vm.max_map_count, memory mappings of a process; `None` if it cannot be read.
    pub mappings: Option<u64>,
    /// Mappings that this process has.
    pub mappings_now: u64,
    /// Address space that is left: RLIMIT_AS, RLIMIT_DATA, and what the machine may commit.
    pub address_space: Vec<MemoryRoom>,
    /// Memory that is left: of the machine, and of the control groups.
    pub memory: Vec<MemoryRoom>,
}

/// Memory that a limit leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryRoom {
    /// The name of the limit.
    pub limit: &'static str,
    /// Bytes.
    pub bytes: u64,
}

impl ProcessLimits {
    /// Reads the limits of this process.
    pub fn read() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self {
            files: soft_limit(Resource::RLIMIT_NOFILE),
            files_now: fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64),
            threads: thread_limits(),
            mappings: read_number("/proc/sys/vm/max_map_count"),
            mappings_now: fs::read_to_string("/proc/self/maps")
                .map_or(0, |maps| maps.lines().count() as u64),
            address_space: address_space(&status),
            memory: memory(&groups),
        }
    }
}

/// Whether something but the machine's memory limits the address space of this process.
pub(crate) fn is_address_space_limited() -> bool {
    let is_limited = |resource| soft_limit(resource) != RLIM_INFINITY;
    is_limited(Resource::RLIMIT_AS) || is_limited(Resource::RLIMIT_DATA) || is_commit_limited()
}

/// Whether the kernel refuses a mapping that the machine has no memory for, even if it is not
/// used.
fn is_commit_limited() -> bool {
    read_number("/proc/sys/vm/overcommit_memory") == Some(2)
}

fn soft_limit(resource: Resource) -> u64 {
    getrlimit(resource).expect("a process can always read its own limits").0
}

/// The value after a name and a colon in a text such as /proc/self/status.
fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.split_ascii_whitespace().next()
}

/// A value in kibibytes, as bytes.
fn bytes_of(text: &str, name: &str) -> Option<u64> {
    Some(value_of(text, name)?.parse::<u64>().ok()?.saturating_mul(1024))
}

fn address_space(status: &str) -> Vec<MemoryRoom> {
    let of_limit = |limit, resource, used| {
        let soft = soft_limit(resource);
        let used = bytes_of(status, used).unwrap_or(0);
        (soft != RLIM_INFINITY).then(|| MemoryRoom { limit, bytes: soft.saturating_sub(used) })
    };
    let commits = || {
        let info = fs::read_to_string("/proc/meminfo").ok()?;
        let limit = bytes_of(&info, "CommitLimit")?;
        let bytes = limit.saturating_sub(bytes_of(&info, "Committed_AS")?);
        Some(MemoryRoom { limit: "vm.overcommit_memory = 2", bytes })
    };
    [
        of_limit("RLIMIT_AS", Resource::RLIMIT_AS, "VmSize"),
        // `is_data_mapping`: private and writable, which stacks of threads are.
        of_limit("RLIMIT_DATA", Resource::RLIMIT_DATA, "VmData"),
        is_commit_limited().then(commits).flatten(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn memory(groups: &str) -> Vec<MemoryRoom> {
    let info = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let machine = bytes_of(&info, "MemAvailable")
        .map(|bytes| MemoryRoom { limit: "the machine's memory", bytes });
    let group = limiting_groups(groups, "memory")
        .into_iter()
        .filter_map(|(root, group)| remaining_memory(&root, &group))
        .min()
        .map(|bytes| MemoryRoom { limit: "the control group's memory", bytes });
    machine.into_iter().chain(group).collect()
}

/// The least memory that a group and its ancestors still allow, bytes. The kernel reclaims
/// what caches files before it ends a process.
fn remaining_memory(root: &Path, group: &Path) -> Option<u64> {
    let remaining = |group: &Path| {
        let group = root.join(group);
        let either = |v2: &str, v1: &str| {
            read_number(group.join(v2)).or_else(|| read_number(group.join(v1)))
        };
        let max = either("memory.max", "memory.limit_in_bytes").filter(|&max| max < NO_LIMIT)?;
        let used = either("memory.current", "memory.usage_in_bytes").unwrap_or(0);
        let stat = fs::read_to_string(group.join("memory.stat")).unwrap_or_default();
        let cached = |name: &str| {
            let line = stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.trim().parse::<u64>().ok())
        };
        let cached = |name: &str| {
            // With its descendants, as the usage counts them.
            cached(&format!("total_{name}")).or_else(|| cached(name)).unwrap_or(0)
        };
        let files = cached("inactive_file") + cached("active_file");
        Some(max.saturating_sub(used.saturating_sub(files)))
    };
    group.ancestors().filter_map(remaining).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_both_versions_is_found_and_caches_of_files_are_not_in_use() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| fs::write(root.path().join(path), text).unwrap();
        let tightest = |group: &str| remaining_memory(root.path(), Path::new(group));
        fs::create_dir_all(root.path().join("two")).unwrap();
        fs::create_dir_all(root.path().join("one")).unwrap();
        write("two/memory.max", "1000\n");
        write("two/memory.current", "700\n");
        write("two/memory.stat", "anon 400\ninactive_file 200\nactive_file 100\n");
        assert_eq!(tightest("two"), Some(600));
        write("one/memory.limit_in_bytes", "9223372036854771712\n");
        assert_eq!(tightest("one"), None, "no limit");
        write("one/memory.limit_in_bytes", "1000\n");
        write("one/memory.usage_in_bytes", "900\n");
        write("one/memory.stat", "inactive_file 1\ntotal_inactive_file 50\n");
        assert_eq!(tightest("one"), Some(150));
    }

    #[test]
    fn this_process_has_limits() {
        let limits = ProcessLimits::read();
        assert!(limits.files > 0 && limits.files_now > 0);
        assert!(limits.mappings > Some(limits.mappings_now) && limits.mappings_now > 10);
        let machine = limits.memory.iter().find(|room| room.limit == "the machine's memory");
        assert!(machine.is_some_and(|room| room.bytes > 1 << 20), "{limits:?}");
    }
}
