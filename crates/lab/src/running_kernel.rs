//! The running kernel, for the validation of a scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::sync::{Mutex, OnceLock, PoisonError};

use linux_net::{Counters, NetworkNamespace, SysctlError, SysctlName, SysctlScope};
use scenario::{Kernel, RefusedValue, SysctlKind, SysctlList};

use crate::laws;

/// The kernel that this process runs on. Sysctls are classified and values are tried in one
/// network namespace of its own.
#[derive(Debug, Clone, Copy)]
pub struct RunningKernel;

static SYSCTL_KINDS: Mutex<BTreeMap<String, SysctlKind>> = Mutex::new(BTreeMap::new());
static COUNTER_NAMES: OnceLock<Option<Vec<String>>> = OnceLock::new();
static TRIED_VALUES: Mutex<BTreeMap<SysctlList, Vec<RefusedValue>>> = Mutex::new(BTreeMap::new());
static NAMESPACE: Mutex<ProbeNamespace> = Mutex::new(ProbeNamespace::Untried);

/// The most lists of values whose results are kept: a suite has those of its scenarios.
const MAX_KEPT_LISTS: usize = 10_000;

/// The namespace in which sysctls are tried.
enum ProbeNamespace {
    /// None was created.
    Untried,
    /// It exists; for unprivileged users, in a user namespace.
    Created(NetworkNamespace),
    /// This process may not create one in the user namespace with this inode.
    Refused { user_namespace: Option<u64> },
}

/// Runs `f` in the namespace in which sysctls are tried. `None` if this process may not
/// create one, or `f` fails; then the next call tries a new namespace.
fn in_namespace<T, E>(f: impl FnOnce(&NetworkNamespace) -> std::result::Result<T, E>) -> Option<T> {
    let mut namespace = NAMESPACE.lock().unwrap_or_else(PoisonError::into_inner);
    // The process may enter a user namespace later, and then create one.
    let user_namespace = fs::metadata("/proc/self/ns/user").ok().map(|user| user.ino());
    match &*namespace {
        ProbeNamespace::Created(_) => {}
        ProbeNamespace::Refused { user_namespace: refused } if *refused == user_namespace => {
            return None;
        }
        ProbeNamespace::Untried | ProbeNamespace::Refused { .. } => {
            *namespace = match NetworkNamespace::create() {
                Ok(created) => ProbeNamespace::Created(created),
                Err(_) => ProbeNamespace::Refused { user_namespace },
            };
        }
    }
    let ProbeNamespace::Created(created) = &*namespace else { return None };
    let result = f(created).ok();
    if result.is_none() {
        *namespace = ProbeNamespace::Untried;
    }
    result
}

impl Kernel for RunningKernel {
    fn sysctls(&self, names: &[String]) -> Vec<SysctlKind> {
        let mut kinds = SYSCTL_KINDS.lock().unwrap_or_else(PoisonError::into_inner);
        let new = names.iter().filter(|name| !kinds.contains_key(*name)).cloned().collect();
        kinds.extend(classify(new));
        let results = names.iter().map(|name| kinds[name]).collect();
        // Not final: the process may enter a user namespace later.
        kinds.retain(|_, kind| *kind != SysctlKind::CannotTell);
        results
    }

    fn refused_values(&self, hosts: &[SysctlList]) -> Vec<Vec<RefusedValue>> {
        let mut tried = TRIED_VALUES.lock().unwrap_or_else(PoisonError::into_inner);
        if tried.len() > MAX_KEPT_LISTS {
            tried.clear();
        }
        let new: BTreeSet<_> = hosts.iter().filter(|host| !tried.contains_key(*host)).collect();
        tried.extend(try_values(&new.into_iter().collect::<Vec<_>>()));
        hosts.iter().map(|host| tried.get(host).cloned().unwrap_or_default()).collect()
    }

    fn counter_names(&self) -> Option<Vec<String>> {
        let read =
            || Some(Counters::here().ok()?.iter().map(|(name, _)| name.to_owned()).collect());
        COUNTER_NAMES.get_or_init(read).clone()
    }

    fn law_ids(&self) -> Option<Vec<&'static str>> {
        Some(laws::ids().collect())
    }
}

/// Each list with the values that the kernel refuses; none if they cannot be tried.
fn try_values(hosts: &[&SysctlList]) -> Vec<(SysctlList, Vec<RefusedValue>)> {
    if hosts.is_empty() {
        return Vec::new();
    }
    let parsed = |(name, value): &(String, String)| Some((name.parse().ok()?, value.clone()));
    let lists: Vec<Vec<(SysctlName, String)>> =
        hosts.iter().map(|host| host.iter().filter_map(parsed).collect()).collect();
    let tried = in_namespace(|namespace| namespace.try_sysctls(&lists)).unwrap_or_default();
    let refused = |(host, errors): (&&SysctlList, Vec<SysctlError>)| {
        let values = errors.iter().filter_map(|error| refused_value(host, error)).collect();
        ((*host).clone(), values)
    };
    hosts.iter().zip(tried).map(refused).collect()
}

/// The value of a host's sysctls that caused an error; `None` if nothing can be written
/// here.
fn refused_value(host: &[(String, String)], error: &SysctlError) -> Option<RefusedValue> {
    let refused = error.name().filter(|_| !matches!(error, SysctlError::ReadOnly { .. }))?;
    let is_it =
        |name: &&String| name.parse::<SysctlName>().is_ok_and(|name| name.is_tried_as(refused));
    let name = host.iter().map(|(name, _)| name).find(is_it)?.clone();
    let allowed = refused.allowed_values().map(str::to_owned);
    Some(RefusedValue { name, reason: format!("failed to {error}"), allowed })
}

/// The kind of each sysctl.
fn classify(names: BTreeSet<String>) -> BTreeMap<String, SysctlKind> {
    let mut kinds = BTreeMap::new();
    let mut valid = Vec::new();
    for name in names {
        match name.parse::<SysctlName>() {
            Ok(parsed) => valid.push((name, parsed)),
            Err(_) => drop(kinds.insert(name, SysctlKind::Unknown)),
        }
    }
    if valid.is_empty() {
        return kinds;
    }
    let (names, parsed): (Vec<_>, Vec<_>) = valid.into_iter().unzip();
    let scopes = in_namespace(|namespace| namespace.sysctl_scopes(&parsed));
    let scopes =
        scopes.unwrap_or_else(|| vec![SysctlScope::CannotTell(String::new()); parsed.len()]);
    let scopes = scopes.into_iter().map(|scope| match scope {
        SysctlScope::PerNamespace => SysctlKind::PerNamespace,
        SysctlScope::Global => SysctlKind::Global,
        SysctlScope::Unknown => SysctlKind::Unknown,
        SysctlScope::CannotTell(_) => SysctlKind::CannotTell,
    });
    kinds.extend(names.into_iter().zip(scopes));
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(sysctls: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        sysctls.iter().map(owned).collect()
    }

    #[test]
    fn kernel_refuses_each_value_out_of_range_and_values_are_restored() {
        let good = host(&[
            ("net.ipv4.ip_unprivileged_port_start", "80"),
            ("net.ipv4.ip_local_port_range", "80 90"),
            ("net.ipv4.ip_local_reserved_ports", "82,84-86"),
        ]);
        // Possible only while the first port of the range is not below 1024.
        let order = host(&[("net.ipv4.ip_unprivileged_port_start", "1024")]);
        let bad = host(&[
            ("net/ipv4/tcp_syn_retries", "900"),
            ("net.core.somaxconn", "4096"),
            ("net.ipv4.ip_local_port_range", "500 600"),
        ]);
        let hosts = [good.clone(), order, bad, good];
        let refused = RunningKernel.refused_values(&hosts);
        let names = |list: usize| -> Vec<&str> {
            refused[list].iter().map(|refused| refused.name.as_str()).collect()
        };
        assert_eq!([names(0), names(1), names(3)], [[""; 0]; 3].map(|none| none.to_vec()));
        assert_eq!(names(2), ["net/ipv4/tcp_syn_retries", "net.ipv4.ip_local_port_range"]);
        assert_eq!(refused[2][0].allowed.as_deref(), Some("1 to 127"));
        assert!(refused[2][0].reason.contains("900"), "{}", refused[2][0].reason);
    }
}
