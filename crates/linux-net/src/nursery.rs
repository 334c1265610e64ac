//! Namespaces that have a small table of connections for themselves.

use crate::{NamespaceError, NetworkNamespace, SysctlError, SysctlName};

/// Buckets of a child's table: 128 KiB; with 16,384 connections one each.
const BUCKETS: &str = "16384";

/// What a namespace gets for its children (since 6.1).
const CHILD_TABLE: &str = "net.ipv4.tcp_child_ehash_entries";

/// What the kernel derives from the size of the table (`tcp_set_hashinfo` in
/// net/ipv4/tcp_ipv4.c), and nothing else.
const DERIVED: [&str; 2] = ["net.ipv4.tcp_max_syn_backlog", "net.ipv4.tcp_max_tw_buckets"];

/// Makes namespaces like [`NetworkNamespace::create`] that do not share the
/// machine's table of connections, as large as its memory (262,144 buckets with
/// a few GiB), which would be walked whole each time that sockets are counted,
/// and once more when a namespace ends. Theirs has 16,384.
///
/// Their sysctls are those of any new namespace, but for the read-only
/// `tcp_ehash_entries`. Where the kernel has no such tables, they are plain.
#[derive(Debug)]
pub struct Nursery {
    /// The children are made from inside; none where they are plain.
    parent: Option<NetworkNamespace>,
    /// As a plain namespace has them.
    derived: Vec<(SysctlName, String)>,
}

impl Nursery {
    /// Makes the namespace that the others are made from; the machine's own are
    /// not changed.
    ///
    /// # Errors
    /// As [`NetworkNamespace::create`].
    pub fn new() -> Result<Self, NamespaceError> {
        let parent = NetworkNamespace::create()?;
        let name = |name: &str| name.parse::<SysctlName>().expect("a sysctl's name");
        let derived = DERIVED.map(|sysctl| {
            let name = name(sysctl);
            parent.read_sysctl(&name).map(|value| (name, value))
        });
        let derived = derived.into_iter().collect::<Result<Vec<_>, SysctlError>>();
        let small = parent.write_sysctl(&name(CHILD_TABLE), BUCKETS);
        Ok(match (derived, small) {
            (Ok(derived), Ok(_)) => Self { parent: Some(parent), derived },
            _ => Self { parent: None, derived: Vec::new() },
        })
    }

    /// A new namespace: its loopback is up, and it has nothing else. The calling
    /// thread stays where it is.
    ///
    /// # Errors
    /// As [`NetworkNamespace::create`].
    pub fn create(&self) -> Result<NetworkNamespace, NamespaceError> {
        let Some(parent) = &self.parent else { return NetworkNamespace::create() };
        let made = NetworkNamespace::create_from(parent)?;
        let restored = made.apply_sysctls(&self.derived);
        restored.map(|_| made).map_err(|error| {
            NamespaceError::system(
                "restore the sysctls of a namespace",
                std::io::Error::other(error),
            )
        })
    }
}
