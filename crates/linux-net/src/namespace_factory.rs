//! Namespaces with their own small connection table.

use crate::kernel_names::Sysctl;
use crate::namespace::NetworkNamespace;
use crate::refusal::NamespaceError;
use crate::sysctl_error::SysctlError;
use crate::sysctl_name::SysctlName;

/// Buckets of a namespace's table: 128 KiB, enough for 16,384 connections.
const BUCKETS: &str = "16384";

/// The sysctl that sets the table size of child namespaces (since Linux 6.1).
const CHILD_TABLE: &str = "net.ipv4.tcp_child_ehash_entries";

/// The sysctls whose defaults the kernel derives from the table size
/// (`tcp_set_hashinfo` in net/ipv4/tcp_ipv4.c, Linux 6.18).
const DERIVED: [Sysctl; 2] = [Sysctl::TcpMaxSynBacklog, Sysctl::TcpMaxTwBuckets];

/// Creates namespaces like [`NetworkNamespace::create`] that do not share the machine's
/// connection table. That table grows with memory (262,144 buckets with a few GiB) and is
/// scanned completely whenever sockets are counted and when a namespace ends; the tables
/// made here have 16,384 buckets.
///
/// The sysctls are those of any new namespace, except the read-only
/// `tcp_ehash_entries`. On a kernel without such tables the namespaces are plain.
#[derive(Debug)]
pub struct NamespaceFactory {
    /// New namespaces are created from inside it; `None` if they are plain.
    parent: Option<NetworkNamespace>,
    /// The derived sysctls as a plain namespace has them.
    derived: Vec<(SysctlName, String)>,
}

impl NamespaceFactory {
    /// Creates the parent namespace. The machine's own namespaces do not change.
    ///
    /// # Errors
    /// As [`NetworkNamespace::create`].
    pub fn new() -> Result<Self, NamespaceError> {
        let parent = NetworkNamespace::create()?;
        let name = |name: &str| name.parse::<SysctlName>().expect("a sysctl's name");
        let derived = DERIVED.map(|sysctl| {
            let name = name(sysctl.name());
            parent.read_sysctl(&name).map(|value| (name, value))
        });
        let derived = derived.into_iter().collect::<Result<Vec<_>, SysctlError>>();
        let small = parent.write_sysctl(&name(CHILD_TABLE), BUCKETS);
        Ok(match (derived, small) {
            (Ok(derived), Ok(_)) => Self { parent: Some(parent), derived },
            _ => Self { parent: None, derived: Vec::new() },
        })
    }

    /// Creates a namespace whose only interface is a loopback that is up. The
    /// calling thread stays in its own namespace.
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
