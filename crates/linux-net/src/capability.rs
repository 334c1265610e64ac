//! The capabilities of this process.

use std::fs;

/// A capability, with its number (include/uapi/linux/capability.h).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// CAP_NET_ADMIN.
    NetAdmin = 12,
    /// CAP_SYS_ADMIN.
    SysAdmin = 21,
    /// CAP_SYS_RESOURCE, which raises hard limits.
    SysResource = 24,
}

/// Whether this process has the capability in its user namespace (the effective set).
pub fn has_capability(capability: Capability) -> bool {
    let effective = fs::read_to_string("/proc/self/status").ok().and_then(|status| {
        let set = status.lines().find_map(|line| line.strip_prefix("CapEff:"))?;
        u64::from_str_radix(set.trim(), 16).ok()
    });
    effective.is_some_and(|set| set & (1 << capability as u64) != 0)
}
