//! Why the kernel refused a namespace, and what to do about it.

use std::fs;
use std::io;

use nix::errno::Errno;

/// A namespace could not be created, entered or inspected.
#[derive(Debug, thiserror::Error)]
pub enum NamespaceError {
    /// The kernel does not let this process have namespaces.
    #[error("{}: {refusal}; {}", attempt.intent(), refusal.hint())]
    Refused {
        /// What was attempted.
        attempt: Attempt,
        /// The cause.
        refusal: Refusal,
    },
    /// Another system call failed.
    #[error("{intent}: {source}")]
    System {
        /// What was attempted.
        intent: &'static str,
        /// The error of the system call.
        source: io::Error,
    },
}

impl NamespaceError {
    pub(crate) fn system(intent: &'static str, source: io::Error) -> Self {
        Self::System { intent, source }
    }
}

/// What was attempted when the kernel refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// unshare(CLONE_NEWUSER).
    UserNamespace,
    /// Writing /proc/self/uid_map, gid_map or setgroups.
    IdentityMap,
    /// unshare(CLONE_NEWNET).
    NetworkNamespace,
}

impl Attempt {
    fn intent(self) -> &'static str {
        match self {
            Self::UserNamespace => "create a user namespace",
            Self::IdentityMap => "map this user to root in a new user namespace",
            Self::NetworkNamespace => "create a network namespace",
        }
    }
}

/// Why the kernel refused a namespace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// unshare(CLONE_NEWUSER) in a process with more than one thread.
    #[error("this process has {threads} threads, and only a process with one thread may do that")]
    Threads {
        /// Threads of the process.
        threads: u64,
    },
    /// Ubuntu's restriction.
    #[error(
        "AppArmor denies it to programs without a profile \
         (kernel.apparmor_restrict_unprivileged_userns = 1)"
    )]
    AppArmor,
    /// Debian's switch.
    #[error("this kernel denies it to ordinary users (kernel.unprivileged_userns_clone = 0)")]
    UnprivilegedCloneOff,
    /// The limit of user namespaces is 0.
    #[error("user namespaces are switched off (user.max_user_namespaces = 0)")]
    UserNamespacesOff,
    /// The limit of network namespaces is 0.
    #[error("network namespaces are switched off (user.max_net_namespaces = 0)")]
    NetworkNamespacesOff,
    /// A limit above 0 is reached.
    #[error(
        "a limit is reached (user.max_user_namespaces = {users}, \
         user.max_net_namespaces = {networks}, at most 32 nested user namespaces)"
    )]
    LimitReached {
        /// user.max_user_namespaces, `?` where it cannot be read.
        users: String,
        /// user.max_net_namespaces, `?` where it cannot be read.
        networks: String,
    },
    /// The kernel was built without.
    #[error("this kernel was built without it (CONFIG_USER_NS, CONFIG_NET_NS)")]
    NotBuilt,
    /// No sysctl explains it: a container's seccomp filter or another policy.
    #[error(
        "{errno}, though no sysctl forbids it: most likely a container's seccomp filter or \
         dropped capabilities, else SELinux or a chroot"
    )]
    Policy {
        /// The error of the system call.
        errno: Errno,
    },
    /// Anything else.
    #[error("{errno}")]
    Other {
        /// The error of the system call.
        errno: Errno,
    },
}

impl Refusal {
    /// What the user can do, as a fragment that follows the cause.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Threads { .. } => "enter the user namespace at the start of main",
            Self::AppArmor => {
                "run as root, or `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, \
                 or give this program an AppArmor profile with `userns,`"
            }
            Self::UnprivilegedCloneOff => {
                "run as root, or `sudo sysctl -w kernel.unprivileged_userns_clone=1`"
            }
            Self::UserNamespacesOff => {
                "run as root, or `sudo sysctl -w user.max_user_namespaces=15000`"
            }
            Self::NetworkNamespacesOff => "`sudo sysctl -w user.max_net_namespaces=15000`",
            Self::LimitReached { .. } => {
                "stop other programs that use namespaces, or raise the limit with `sudo sysctl -w`"
            }
            Self::NotBuilt => "use another kernel",
            Self::Policy { .. } => {
                "run outside the container, or as root with CAP_SYS_ADMIN and CAP_NET_ADMIN"
            }
            Self::Other { .. } => "run as root",
        }
    }
}

/// What /proc shows about which users may have namespaces; `None` if a file is absent, as
/// most of them are on most kernels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamespacePolicy {
    /// kernel.apparmor_restrict_unprivileged_userns (Ubuntu).
    pub apparmor_restricts: Option<u64>,
    /// kernel.unprivileged_userns_clone (Debian).
    pub unprivileged_clone: Option<u64>,
    /// user.max_user_namespaces, of the caller's user namespace.
    pub most_user_namespaces: Option<u64>,
    /// user.max_net_namespaces, of the caller's user namespace.
    pub most_network_namespaces: Option<u64>,
    /// Threads of this process.
    pub threads: Option<u64>,
}

impl NamespacePolicy {
    /// Reads /proc. The limits are those of the calling thread's user namespace, so read
    /// them before entering another.
    pub fn current() -> Self {
        let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse().ok();
        let threads = fs::read_to_string("/proc/self/status").ok().and_then(|status| {
            status.lines().find_map(|line| line.strip_prefix("Threads:")?.trim().parse().ok())
        });
        Self {
            apparmor_restricts: number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
            unprivileged_clone: number("/proc/sys/kernel/unprivileged_userns_clone"),
            most_user_namespaces: number("/proc/sys/user/max_user_namespaces"),
            most_network_namespaces: number("/proc/sys/user/max_net_namespaces"),
            threads,
        }
    }

    /// The cause of a refusal. Ubuntu's restriction lets unshare succeed and denies the
    /// capabilities in the new namespace, so the error can occur at any step (usually
    /// EPERM at the identity map).
    pub fn diagnose(&self, attempt: Attempt, errno: Errno) -> Refusal {
        let limit = |limit: Option<u64>| limit.map_or("?".to_owned(), |limit| limit.to_string());
        match (errno, attempt) {
            (Errno::EPERM | Errno::EACCES, _) if self.apparmor_restricts == Some(1) => {
                Refusal::AppArmor
            }
            (Errno::EPERM, Attempt::UserNamespace) if self.unprivileged_clone == Some(0) => {
                Refusal::UnprivilegedCloneOff
            }
            (Errno::EPERM | Errno::EACCES, _) => Refusal::Policy { errno },
            // Before Linux 4.9, EUSERS meant too deep nesting.
            (Errno::ENOSPC | Errno::EUSERS, Attempt::UserNamespace)
                if self.most_user_namespaces == Some(0) =>
            {
                Refusal::UserNamespacesOff
            }
            (Errno::ENOSPC, Attempt::NetworkNamespace)
                if self.most_network_namespaces == Some(0) =>
            {
                Refusal::NetworkNamespacesOff
            }
            (Errno::ENOSPC | Errno::EUSERS, _) => Refusal::LimitReached {
                users: limit(self.most_user_namespaces),
                networks: limit(self.most_network_namespaces),
            },
            (Errno::EINVAL, Attempt::UserNamespace) => match self.threads {
                Some(threads) if threads > 1 => Refusal::Threads { threads },
                _ => Refusal::NotBuilt,
            },
            (Errno::EINVAL | Errno::ENOSYS, _) => Refusal::NotBuilt,
            _ => Refusal::Other { errno },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine that forbids nothing.
    const OPEN: NamespacePolicy = NamespacePolicy {
        apparmor_restricts: Some(0),
        unprivileged_clone: Some(1),
        most_user_namespaces: Some(15_000),
        most_network_namespaces: Some(15_000),
        threads: Some(1),
    };

    fn describe(policy: &NamespacePolicy, attempt: Attempt, errno: Errno) -> String {
        NamespaceError::Refused { attempt, refusal: policy.diagnose(attempt, errno) }.to_string()
    }

    #[test]
    fn ubuntus_restriction_is_named_at_every_step() {
        let ubuntu = NamespacePolicy { apparmor_restricts: Some(1), ..OPEN };
        for (attempt, errno, intent) in [
            (Attempt::UserNamespace, Errno::EACCES, "create a user namespace"),
            (Attempt::UserNamespace, Errno::EPERM, "create a user namespace"),
            (Attempt::IdentityMap, Errno::EPERM, "map this user to root in a new user namespace"),
            (Attempt::NetworkNamespace, Errno::EPERM, "create a network namespace"),
        ] {
            assert_eq!(
                describe(&ubuntu, attempt, errno),
                format!(
                    "{intent}: AppArmor denies it to programs without a profile \
                     (kernel.apparmor_restrict_unprivileged_userns = 1); run as root, or `sudo \
                     sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`, or give this \
                     program an AppArmor profile with `userns,`"
                )
            );
        }
    }

    #[test]
    fn every_other_cause_is_named_with_its_hint() {
        let with = |change: fn(&mut NamespacePolicy)| {
            let mut policy = OPEN;
            change(&mut policy);
            policy
        };
        use Attempt::{IdentityMap, NetworkNamespace, UserNamespace};
        for (policy, attempt, errno, cause, hint) in [
            (
                with(|p| p.unprivileged_clone = Some(0)),
                UserNamespace,
                Errno::EPERM,
                "kernel.unprivileged_userns_clone = 0",
                "sysctl -w kernel.unprivileged_userns_clone=1",
            ),
            (
                with(|p| p.most_user_namespaces = Some(0)),
                UserNamespace,
                Errno::ENOSPC,
                "user.max_user_namespaces = 0",
                "sysctl -w user.max_user_namespaces=15000",
            ),
            (
                with(|p| p.most_network_namespaces = Some(0)),
                NetworkNamespace,
                Errno::ENOSPC,
                "user.max_net_namespaces = 0",
                "sysctl -w user.max_net_namespaces=15000",
            ),
            (
                with(|p| p.most_network_namespaces = None),
                NetworkNamespace,
                Errno::ENOSPC,
                "user.max_user_namespaces = 15000, user.max_net_namespaces = ?",
                "raise the limit",
            ),
            (
                with(|p| p.threads = Some(7)),
                UserNamespace,
                Errno::EINVAL,
                "this process has 7 threads",
                "at the start of main",
            ),
            (OPEN, UserNamespace, Errno::EINVAL, "CONFIG_USER_NS", "another kernel"),
            (OPEN, NetworkNamespace, Errno::EINVAL, "CONFIG_NET_NS", "another kernel"),
            (OPEN, UserNamespace, Errno::EPERM, "seccomp", "outside the container"),
            (NamespacePolicy::default(), UserNamespace, Errno::EPERM, "seccomp", "CAP_SYS_ADMIN"),
            (OPEN, IdentityMap, Errno::EACCES, "EACCES", "outside the container"),
            (OPEN, NetworkNamespace, Errno::EPERM, "dropped capabilities", "CAP_SYS_ADMIN"),
            (OPEN, UserNamespace, Errno::ENOMEM, "ENOMEM", "run as root"),
        ] {
            let text = describe(&policy, attempt, errno);
            assert!(text.contains(cause), "{cause}: {text}");
            assert!(text.contains(hint), "{hint}: {text}");
            assert!(!text.contains("AppArmor"), "{text}");
        }
    }

    #[test]
    fn proc_is_read() {
        let policy = NamespacePolicy::current();
        assert!(policy.threads.unwrap() >= 2, "a test has its own thread");
        assert!(policy.most_user_namespaces.is_some());
    }
}
