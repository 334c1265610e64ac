//! Checks that several backends share.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use linux_net::Sysctl;

use crate::backend::{Backend, Finding, Purpose, Result, Role, TestbedSpec};

/// The kernels that introduced the youngest of [`Sysctl`].
const SINCE: &[(&str, &str)] = &[
    ("net.ipv4.tcp_migrate_req", "5.14"),
    ("net.ipv4.tcp_syn_linear_timeouts", "6.5"),
    ("net.ipv4.tcp_tw_reuse_delay", "6.14"),
];

/// A testbed that was tried.
pub(super) struct TriedTestbed {
    /// How long it took to create.
    pub(super) took: Duration,
    /// The sysctls of its server's host.
    pub(super) sysctls: BTreeMap<String, String>,
}

/// Creates a testbed with a sysctl of its own, and reads what every trial reads. A
/// machine may allow hosts and not let their sysctls be set.
pub(super) fn try_testbed(backend: &dyn Backend) -> Result<TriedTestbed> {
    let spec = TestbedSpec {
        // The kernel's default.
        server_sysctls: [("net.core.somaxconn".to_owned(), "4096".to_owned())].into(),
        ..TestbedSpec::default()
    };
    let started = Instant::now();
    let testbed = backend.testbed(&spec, Purpose::Preflight)?;
    let took = started.elapsed();
    testbed.counters(Role::Client)?;
    testbed.accept_queue(1)?;
    Ok(TriedTestbed { took, sysctls: testbed.effective_sysctls()?.server })
}

/// Which of the sysctls that decide how connections queue a host has.
pub(super) fn sysctls_finding(found: &BTreeMap<String, String>) -> Finding {
    let absent: Vec<&str> =
        Sysctl::NAMES.iter().copied().filter(|name| !found.contains_key(*name)).collect();
    let all = Sysctl::NAMES.len();
    let detail =
        format!("{} of {all} that decide how connections queue are present", all - absent.len());
    if absent.is_empty() {
        return Finding::ok("sysctls", detail);
    }
    let named: Vec<String> = absent
        .into_iter()
        .map(|name| match SINCE.iter().find(|(young, _)| *young == name) {
            Some((_, kernel)) => format!("{name} (since Linux {kernel})"),
            None => name.to_owned(),
        })
        .collect();
    let named = named.join(", ");
    Finding::note("sysctls", format!("{detail}; a scenario cannot set {named} on this kernel"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::FindingState;

    fn all() -> BTreeMap<String, String> {
        Sysctl::NAMES.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect()
    }

    #[test]
    fn a_sysctl_that_an_older_kernel_lacks_is_named_with_the_kernel_that_has_it() {
        assert_eq!(sysctls_finding(&all()).state, FindingState::Ok);
        let mut older = all();
        older.remove("net.ipv4.tcp_tw_reuse_delay");
        older.remove("net.core.somaxconn");
        let finding = sysctls_finding(&older);
        assert_eq!(finding.state, FindingState::Note);
        let (some, all) = (older.len(), Sysctl::NAMES.len());
        assert_eq!(
            finding.detail,
            format!(
                "{some} of {all} that decide how connections queue are present; a scenario cannot \
                 set net.core.somaxconn, net.ipv4.tcp_tw_reuse_delay (since Linux 6.14) on this \
                 kernel"
            )
        );
    }

    #[test]
    fn the_names_of_young_sysctls_are_right() {
        assert!(SINCE.iter().all(|(name, _)| Sysctl::NAMES.contains(name)));
    }
}
