//! The machine's own sysctls.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use linux_net::SysctlName;

/// The sysctls that must not change on the machine itself: those that affect how
/// connections queue, and those that a scenario sets.
pub(crate) fn watched_sysctls<'a>(set: impl Iterator<Item = &'a str>) -> BTreeSet<SysctlName> {
    let deciding = linux_net::Sysctl::NAMES.iter().copied();
    deciding.chain(set).filter_map(|name| name.parse().ok()).collect()
}

/// The machine's own values of these sysctls. Call it from a thread in the machine's own
/// network namespace.
pub(crate) fn own_sysctls(watched: &BTreeSet<SysctlName>) -> BTreeMap<String, String> {
    watched
        .iter()
        .filter_map(|name| {
            let value = fs::read_to_string(name.path()).ok()?;
            Some((name.to_string(), value.trim().to_owned()))
        })
        .collect()
}
