//! The user namespace in which an ordinary user may create network namespaces.

use std::fs;

use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::Mode;
use nix::unistd::{getegid, geteuid, write};

use crate::capability::{Capability, has_capability};
use crate::refusal::{Attempt, NamespaceError, NamespacePolicy};

/// Whether this process may create and configure network namespaces (effective
/// CAP_SYS_ADMIN and CAP_NET_ADMIN).
pub fn can_administer_networks() -> bool {
    has_capability(Capability::SysAdmin) && has_capability(Capability::NetAdmin)
}

/// Whether this process is in the initial user namespace, whose root is root of the
/// machine.
pub fn in_initial_user_namespace() -> bool {
    // PROC_USER_INIT_INO, include/linux/proc_ns.h: part of the kernel's ABI.
    fs::read_link("/proc/self/ns/user").is_ok_and(|link| link.as_os_str() == "user:[4026531837]")
}

/// Lets this process create network namespaces: an ordinary user becomes root of a new
/// user namespace, which changes nothing outside it. Does nothing if the process already
/// may. Call it at the start of `main`: the process must have one thread.
///
/// # Errors
/// [`NamespaceError::Refused`], with the cause and a hint. A kernel can allow
/// the user namespace and deny network namespaces in it (Ubuntu's AppArmor restriction),
/// so it also creates one.
pub fn enter_user_namespace() -> Result<(), NamespaceError> {
    if can_administer_networks() {
        return Ok(());
    }
    let policy = NamespacePolicy::current();
    let refused = |(attempt, errno)| NamespaceError::Refused {
        attempt,
        refusal: policy.diagnose(attempt, errno),
    };
    IdentityMap::current().enter_new_namespace().map_err(refused)?;
    trial_network_namespace().map_err(|errno| refused((Attempt::NetworkNamespace, errno)))
}

/// Creates a network namespace and drops it.
fn trial_network_namespace() -> Result<(), Errno> {
    std::thread::spawn(|| unshare(CloneFlags::CLONE_NEWNET)).join().expect("unshare does not panic")
}

/// The contents of the new user namespace's maps: this user is its root.
#[derive(Debug)]
pub(crate) struct IdentityMap {
    users: String,
    groups: String,
}

impl IdentityMap {
    pub(crate) fn current() -> Self {
        Self::new(geteuid().as_raw(), getegid().as_raw())
    }

    pub(crate) fn new(user: u32, group: u32) -> Self {
        Self { users: format!("0 {user} 1"), groups: format!("0 {group} 1") }
    }

    /// Moves this process into a new user namespace. It only makes system calls, so a
    /// forked child may call it.
    pub(crate) fn enter_new_namespace(&self) -> Result<(), (Attempt, Errno)> {
        unshare(CloneFlags::CLONE_NEWUSER).map_err(|errno| (Attempt::UserNamespace, errno))?;
        // An ordinary user may write gid_map only once setgroups is denied.
        write_file(c"/proc/self/setgroups", "deny")
            .and_then(|()| write_file(c"/proc/self/uid_map", &self.users))
            .and_then(|()| write_file(c"/proc/self/gid_map", &self.groups))
            .map_err(|errno| (Attempt::IdentityMap, errno))
    }
}

fn write_file(path: &std::ffi::CStr, contents: &str) -> Result<(), Errno> {
    let file = open(path, OFlag::O_WRONLY | OFlag::O_CLOEXEC, Mode::empty())?;
    write(file, contents.as_bytes()).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Refusal;

    #[test]
    fn a_process_with_many_threads_is_refused() {
        let (attempt, errno) = IdentityMap::current().enter_new_namespace().unwrap_err();
        assert_eq!((attempt, errno), (Attempt::UserNamespace, Errno::EINVAL));
        let refusal = NamespacePolicy::current().diagnose(attempt, errno);
        assert!(matches!(refusal, Refusal::Threads { threads } if threads >= 2), "{refusal}");
    }
}
