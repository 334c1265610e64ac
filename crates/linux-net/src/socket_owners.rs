//! Which processes have a socket.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::ErrorKind;

/// The processes that have each of some sockets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SocketOwners {
    /// Numbers of processes by the socket's inode, in increasing order.
    pub by_inode: HashMap<u32, Vec<u32>>,
    /// Processes whose files this one may not see.
    pub hidden: u32,
}

impl SocketOwners {
    /// Looks through the files of all processes that /proc shows.
    ///
    /// `None` if /proc cannot be listed, for example for want of a file descriptor.
    pub fn find(inodes: &HashSet<u32>) -> Option<Self> {
        let mut found = Self::default();
        for pid in pids()? {
            match fs::read_dir(format!("/proc/{pid}/fd")) {
                Ok(files) => {
                    let targets =
                        files.flatten().filter_map(|file| fs::read_link(file.path()).ok());
                    let sockets = targets.filter_map(|target| inode_of(target.to_str()?));
                    let wanted: HashSet<u32> =
                        sockets.filter(|inode| inodes.contains(inode)).collect();
                    for inode in wanted {
                        found.by_inode.entry(inode).or_default().push(pid);
                    }
                }
                Err(error) if error.kind() == ErrorKind::PermissionDenied => found.hidden += 1,
                // It has ended.
                Err(_) => {}
            }
        }
        Some(found)
    }
}

/// The processes that /proc shows, in increasing order; `None` if it cannot be listed.
pub fn pids() -> Option<Vec<u32>> {
    let names = fs::read_dir("/proc").ok()?.flatten();
    let mut pids: Vec<u32> =
        names.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    pids.sort_unstable();
    Some(pids)
}

fn inode_of(target: &str) -> Option<u32> {
    target.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::os::fd::AsFd;

    #[test]
    fn a_socket_of_this_process_is_found() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let inode = nix::sys::stat::fstat(listener.as_fd()).unwrap().st_ino as u32;
        let found = SocketOwners::find(&HashSet::from([inode])).unwrap();
        assert!(found.by_inode[&inode].contains(&std::process::id()));
        assert_eq!(found.by_inode.len(), 1);
        assert_eq!(SocketOwners::find(&HashSet::new()).unwrap().by_inode.len(), 0);
    }

    #[test]
    fn only_sockets_have_the_inode_of_one() {
        assert_eq!(inode_of("socket:[12]"), Some(12));
        for other in ["pipe:[12]", "socket:[x]", "socket:12", "/tmp/socket:[12]"] {
            assert_eq!(inode_of(other), None);
        }
    }
}
