//! Checks that several backends share.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use linux_net::Sysctl;

use crate::backend::{Backend, Finding, Purpose, Result, Role, TestbedSpec};

/// The kernels that introduced the newest sysctls.
const SINCE: &[(Sysctl, &str)] = &[
    (Sysctl::TcpMigrateReq, "5.14"),
    (Sysctl::TcpSynLinearTimeouts, "6.5"),
    (Sysctl::TcpTwReuseDelay, "6.14"),
];

/// A testbed that was created to check the machine.
pub(super) struct TriedTestbed {
    /// How long its creation took.
    pub(super) duration: Duration,
    /// The sysctls of its server's host.
    pub(super) sysctls: BTreeMap<String, String>,
}

/// Creates a testbed with a sysctl, and reads what every trial reads. A machine may allow
/// hosts but not setting their sysctls.
pub(super) fn try_testbed(backend: &dyn Backend) -> Result<TriedTestbed> {
    let spec = TestbedSpec {
        // The kernel's default.
        server_sysctls: [(Sysctl::Somaxconn.name().to_owned(), "4096".to_owned())].into(),
        ..TestbedSpec::default()
    };
    let started = Instant::now();
    let testbed = backend.testbed(&spec, Purpose::Preflight)?;
    let duration = started.elapsed();
    testbed.counters(Role::Client)?;
    testbed.accept_queue(1)?;
    Ok(TriedTestbed { duration, sysctls: testbed.effective_sysctls()?.server })
}

/// The sysctls that affect how connections queue, of those of a host.
pub(super) fn sysctls_finding(found: &BTreeMap<String, String>) -> Finding {
    let absent: Vec<Sysctl> =
        Sysctl::ALL.iter().copied().filter(|sysctl| !found.contains_key(sysctl.name())).collect();
    let all = Sysctl::NAMES.len();
    let detail =
        format!("{} of {all} that decide how connections queue are present", all - absent.len());
    if absent.is_empty() {
        return Finding::ok("sysctls", detail);
    }
    let named: Vec<String> = absent
        .into_iter()
        .map(|sysctl| match SINCE.iter().find(|(new, _)| *new == sysctl) {
            Some((_, kernel)) => format!("{sysctl} (since Linux {kernel})"),
            None => sysctl.to_string(),
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
        older.remove(Sysctl::TcpTwReuseDelay.name());
        older.remove(Sysctl::Somaxconn.name());
        let finding = sysctls_finding(&older);
        assert_eq!(finding.state, FindingState::Note);
        let (some, all) = (older.len(), Sysctl::NAMES.len());
        assert_eq!(
            finding.detail,
            format!(
                "{some} of {all} that decide how connections queue are present; a scenario cannot \
                 set {}, {} (since Linux 6.14) on this kernel",
                Sysctl::Somaxconn,
                Sysctl::TcpTwReuseDelay
            )
        );
    }
}
