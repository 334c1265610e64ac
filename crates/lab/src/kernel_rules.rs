//! The rules that differ between kernels, determined by experiment.
//!
//! Stable kernels get such changes too, so a version number is not enough.

use std::time::Duration;

use chat_server::ServerSettings;
use indexmap::IndexMap;
use linux_net::{Counter, Sysctl};
use load_generator::{LoadConfig, LoadEvent, LoadProtocol, LoadSettings};
use queue_model::kernel_rules::RuleSet;
use queue_model::syn_queue::SynQueueFull;
use run_record::KernelRules;
use worker::{Client, RESPONSE_TIMEOUT, config_arguments};

use crate::backend::{Backend, Purpose, Role, Testbed, TestbedSpec};
use crate::error::Result;
use crate::server::ChatServer;

/// The two values of `KernelRules::syn_queue_full`.
const MORE_THAN_LIMIT: &str = "more_than_limit";
const AT_LIMIT: &str = "at_limit";

/// Maximum time to connect; after it, the SYN counts as dropped.
const CONNECT_DEADLINE: Duration = Duration::from_millis(100);

/// Maximum number of attempts, because a busy machine may respond late.
const ATTEMPTS: u32 = 3;

/// Determines the rules on a testbed.
///
/// # Errors
/// If the testbed or a worker fails. A kernel without the sysctl is not an error: its
/// rule is unknown.
pub(crate) fn determine(backend: &dyn Backend) -> Result<KernelRules> {
    let cookies_off = (Sysctl::TcpSyncookies.name().to_owned(), "0".to_owned());
    let spec = TestbedSpec {
        server_sysctls: IndexMap::from([cookies_off]),
        source_addresses: 1,
        ..TestbedSpec::default()
    };
    for _ in 0..ATTEMPTS {
        let testbed = match backend.testbed(&spec, Purpose::Preflight) {
            Err(error) if error.is_refused_sysctl() => break,
            testbed => testbed?,
        };
        let found = syn_queue_full(testbed.as_ref());
        testbed.verify(found.is_err())?;
        if let Some(rule) = found? {
            return Ok(recorded_rules(rule.into()));
        }
    }
    Ok(KernelRules::default())
}

/// The rule of `inet_csk_reqsk_queue_is_full` (include/net/inet_connection_sock.h),
/// determined with one connect to a listener of backlog 0 while cookies are off: an empty
/// SYN queue of limit 0 is at its limit, but not above it. Therefore the kernel either
/// accepts the SYN, or drops and counts it.
fn syn_queue_full(testbed: &dyn Testbed) -> Result<Option<SynQueueFull>> {
    let settings = ServerSettings { backlog: 0, accept_paused: true, ..ServerSettings::default() };
    let server = ChatServer::start(testbed, &settings)?;
    let before = testbed.counters(Role::Server)?;
    let config = LoadConfig {
        settings: LoadSettings {
            clients: 1,
            messages: 0,
            connect_deadline: CONNECT_DEADLINE,
            ..LoadSettings::default()
        },
        target: server.address,
        more_targets: Vec::new(),
        framing: settings.framing,
        largest_body: None,
        sources: testbed.addresses().client.clone(),
        server_closes: false,
        hold: true,
    };
    let arguments = config_arguments::<LoadProtocol>(&config);
    let mut load = Client::<LoadProtocol>::new(testbed.start(Role::Client, "load", &arguments)?);
    let established = load.await_event("decision", RESPONSE_TIMEOUT, |event| match event {
        LoadEvent::Decided { established, .. } => Some(Ok(established)),
        _ => None,
    })?;
    let counted = testbed.counters(Role::Server)?.delta(&before);
    let dropped = counted.get(Counter::TcpReqQFullDrop.name()) > 0;
    // If the SYN was neither accepted nor dropped, the machine was too busy to respond.
    let is_clear = dropped == (established == 0);
    Ok(SynQueueFull::from_observation(0, established).filter(|_| is_clear))
}

fn name(rule: SynQueueFull) -> &'static str {
    match rule {
        SynQueueFull::Above => MORE_THAN_LIMIT,
        SynQueueFull::AtOrAbove => AT_LIMIT,
    }
}

/// The rule set of a recorded kernel; if it was not determined, that of current kernels.
pub(crate) fn rule_set(rules: &KernelRules) -> RuleSet {
    match rules.syn_queue_full.as_deref() {
        Some(AT_LIMIT) => RuleSet::Until2024,
        _ => RuleSet::Since2025,
    }
}

/// The rules of a kernel, as a run records them.
pub fn recorded_rules(rules: RuleSet) -> KernelRules {
    KernelRules { syn_queue_full: Some(name(rules.syn_queue_full()).to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_rule_is_read_back() {
        for rules in RuleSet::ALL {
            let recorded = recorded_rules(rules);
            assert_eq!(rule_set(&recorded), rules);
        }
        assert_eq!(rule_set(&KernelRules::default()), RuleSet::Since2025);
    }
}
