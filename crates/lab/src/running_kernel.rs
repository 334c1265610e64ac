//! The running kernel, for the validation of a scenario.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};

use linux_net::{Counters, SysctlName, SysctlScope};
use scenario::{Kernel, SysctlKind};

use crate::laws;

/// The kernel that this process runs on. Results are cached for the process, because
/// classifying sysctls needs a network namespace.
#[derive(Debug, Clone, Copy)]
pub struct RunningKernel;

static SYSCTL_KINDS: Mutex<BTreeMap<String, SysctlKind>> = Mutex::new(BTreeMap::new());
static COUNTER_NAMES: OnceLock<Option<Vec<String>>> = OnceLock::new();

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

    fn counter_names(&self) -> Option<Vec<String>> {
        let read =
            || Some(Counters::here().ok()?.iter().map(|(name, _)| name.to_owned()).collect());
        COUNTER_NAMES.get_or_init(read).clone()
    }

    fn law_ids(&self) -> Option<Vec<&'static str>> {
        Some(laws::ids().collect())
    }
}

/// The kind of each sysctl, determined in one network namespace.
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
    let scopes = linux_net::sysctl_scopes(&parsed).into_iter().map(|scope| match scope {
        SysctlScope::PerNamespace => SysctlKind::PerNamespace,
        SysctlScope::Global => SysctlKind::Global,
        SysctlScope::Unknown => SysctlKind::Unknown,
        SysctlScope::CannotTell(_) => SysctlKind::CannotTell,
    });
    kinds.extend(names.into_iter().zip(scopes));
    kinds
}
