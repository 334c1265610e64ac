//! The network namespaces of a machine.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use linux_net::pids;

/// Where `ip netns` keeps namespaces by name.
const NAMED: &str = "/run/netns";

/// A network namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// A file that opens it.
    pub(crate) path: PathBuf,
    /// Its name in /run/netns.
    pub(crate) name: Option<String>,
    /// The process with the smallest number in it.
    pub(crate) pid: Option<u32>,
}

/// The namespaces that have a process or a name, by number, and the processes whose namespace
/// this one may not see. One that is kept only by a socket or a bind mount elsewhere is not found.
///
/// `None` if /proc cannot be listed, for example for want of a file descriptor.
pub(crate) fn discover() -> Option<(BTreeMap<u64, Found>, u32)> {
    let mut found = BTreeMap::new();
    let mut hidden = 0;
    for pid in pids()? {
        let path = PathBuf::from(format!("/proc/{pid}/ns/net"));
        match fs::read_link(&path) {
            Ok(target) => {
                if let Some(inode) = target.to_str().and_then(inode_of) {
                    found.entry(inode).or_insert(Found { path, name: None, pid: Some(pid) });
                }
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => hidden += 1,
            // It has ended.
            Err(_) => {}
        }
    }
    for entry in fs::read_dir(NAMED).into_iter().flatten().flatten() {
        // The file of one that is being made is an ordinary file for a moment.
        let Ok(file) = fs::metadata(entry.path()) else { continue };
        let is_one = fs::metadata("/proc/self/ns/net").is_ok_and(|own| own.dev() == file.dev());
        if is_one {
            let name = entry.file_name().to_string_lossy().into_owned();
            let unused = Found { path: entry.path(), name: None, pid: None };
            found.entry(file.ino()).or_insert(unused).name = Some(name);
        }
    }
    Some((found, hidden))
}

fn inode_of(target: &str) -> Option<u64> {
    target.strip_prefix("net:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_namespace_of_this_process_is_found() {
        let own = fs::metadata("/proc/self/ns/net").unwrap().ino();
        let (found, _) = discover().unwrap();
        assert!(found[&own].pid.is_some());
        assert_eq!(inode_of("net:[4026531840]"), Some(4_026_531_840));
        assert_eq!(inode_of("mnt:[4026531840]"), None);
    }
}
