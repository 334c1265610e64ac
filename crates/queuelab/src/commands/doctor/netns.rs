//! What the backend of plain namespaces needs.

use std::collections::BTreeMap;
use std::time::Instant;

use lab::{Backend, LabError, Netns, Role};
use linux_net::{Attempt, DECIDING_SYSCTLS, NamespaceError, SysctlError};

use super::finding::Finding;
use super::testbed_spec;

/// The kernels that brought the youngest of [`DECIDING_SYSCTLS`].
const SINCE: &[(&str, &str)] = &[
    ("net.ipv4.tcp_migrate_req", "5.14"),
    ("net.ipv4.tcp_syn_linear_timeouts", "6.5"),
    ("net.ipv4.tcp_tw_reuse_delay", "6.14"),
];

/// What was found by making a testbed; `entered` is what became of entering a
/// user namespace.
pub(super) fn findings(entered: Result<(), NamespaceError>) -> Vec<Finding> {
    if let Err(error) = entered {
        return vec![refused(&error)];
    }
    let rights = match linux_net::in_initial_user_namespace() {
        true => "not needed: this is root, who may make network namespaces",
        false => "allowed: this user is root of one, and of the network namespaces in it",
    };
    let mut findings = vec![Finding::ok("user namespaces", rights)];
    match try_testbed() {
        Ok((made, sysctls)) => findings.extend([made, sysctls]),
        Err(error) => findings.push(testbed_missing(&error)),
    }
    findings
}

fn testbed_missing(error: &LabError) -> Finding {
    let finding = Finding::missing("testbed", error);
    match error {
        LabError::Sysctl { source: SysctlError::ReadOnly { .. }, .. } => finding.with_way_out(
            "run outside of the container, or in one that may write them: \
             `docker run --privileged`",
        ),
        _ => finding,
    }
}

fn refused(error: &NamespaceError) -> Finding {
    let what = match error {
        NamespaceError::Refused { attempt: Attempt::NetworkNamespace, .. } => "network namespaces",
        _ => "user namespaces",
    };
    Finding::missing(what, error)
}

fn try_testbed() -> Result<(Finding, Finding), LabError> {
    let started = Instant::now();
    let testbed = Netns::new()?.testbed(&testbed_spec(), 0)?;
    let took = started.elapsed();
    // What every trial reads.
    testbed.counters(Role::Client)?;
    testbed.accept_queue(1)?;
    let sysctls = testbed.effective_sysctls()?;
    let made = format!(
        "two hosts joined by a veth pair, a sysctl set and read back: {} ms",
        took.as_millis().max(1)
    );
    Ok((Finding::ok("testbed", made), sysctls_found(&sysctls.server)))
}

/// Which of the sysctls that decide how connections queue a host has.
pub(super) fn sysctls_found(found: &BTreeMap<String, String>) -> Finding {
    let absent: Vec<&str> =
        DECIDING_SYSCTLS.iter().copied().filter(|name| !found.contains_key(*name)).collect();
    let all = DECIDING_SYSCTLS.len();
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
    use crate::commands::doctor::finding::State;

    fn all() -> BTreeMap<String, String> {
        DECIDING_SYSCTLS.iter().map(|name| ((*name).to_owned(), "1".to_owned())).collect()
    }

    #[test]
    fn what_an_older_kernel_lacks_is_named_with_the_kernel_that_has_it() {
        assert_eq!(sysctls_found(&all()).state, State::Ok);
        let mut older = all();
        older.remove("net.ipv4.tcp_tw_reuse_delay");
        older.remove("net.core.somaxconn");
        let finding = sysctls_found(&older);
        assert_eq!(finding.state, State::Note);
        let (some, all) = (older.len(), DECIDING_SYSCTLS.len());
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
        assert!(SINCE.iter().all(|(name, _)| DECIDING_SYSCTLS.contains(name)));
    }
}
