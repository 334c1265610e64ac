//! What predictions need to know of the kernel, beyond a cell's settings.

use std::collections::BTreeMap;

use chat_server::ServerSettings;
use linux_net::{NetworkNamespace, Sysctl, TimerWheel};
use queue_model::kernel_rules::RuleSet;
use run_record::{KernelReport, KernelRules, Machine, RunRecord, SysctlValues};
use serde_json::Value;

use crate::backend::{Backend, Needs, Role, dotted};
use crate::error::Result;
use crate::kernel_rules::{self, rule_set};
use crate::namespace_defaults::{NamespaceDefault, namespace_default};

/// What predictions need to know of the kernel, beyond a cell's settings: its rules, and
/// the sysctls that a scenario does not set.
///
/// A sysctl that a scenario sets has the stated value, whatever the running kernel has.
/// One that it does not set has the kernel's constant for a new network namespace; if the
/// values of a kernel are known, that kernel's value. A value that the kernel computes from
/// the machine's memory is never assumed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KernelFacts {
    rules: RuleSet,
    hz: Option<u32>,
    /// The sysctls of a new network namespace of this kernel; `None` if they are not known.
    sysctls: Option<SysctlValues>,
    /// The sysctls of these that a scenario set.
    set_by_run: Vec<(Role, String)>,
}

/// The value of a sysctl that a scenario does not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum UnstatedValue {
    /// This value.
    Value(String),
    /// At least this value.
    AtLeast(u32),
    /// The kernel does not have the sysctl.
    Absent,
    /// It is not known.
    Unknown,
}

impl KernelFacts {
    /// Any kernel with these rules, with the kernel's constants.
    pub fn assumed(rules: RuleSet) -> Self {
        Self { rules, ..Self::default() }
    }

    /// The kernel of a trial, with the sysctls in force in its hosts.
    pub(crate) fn of_trial(rules: &KernelRules, hz: Option<u32>, in_force: &SysctlValues) -> Self {
        let sysctls = Some(in_force.clone());
        Self { rules: rule_set(rules), hz, sysctls, set_by_run: Vec::new() }
    }

    /// The kernel of a run. `None` if the run did not determine its rules.
    ///
    /// The values that the run's scenario set are not those of a new network namespace.
    pub fn of_run(run: &RunRecord) -> Option<Self> {
        run.kernel_rules.syn_queue_full.as_ref()?;
        let set_by_run = [("server", Role::Server), ("client", Role::Client)]
            .into_iter()
            .flat_map(|(host, role)| sysctls_set_by(run, host).map(move |name| (role, name)))
            .collect();
        let sysctls = Some(run.sysctls.clone());
        Some(Self { rules: rule_set(&run.kernel_rules), hz: None, sysctls, set_by_run })
    }

    /// The kernel that a report describes. `None` if its rules are not known.
    pub fn of_report(report: &KernelReport) -> Option<Self> {
        let rules = report.rules.as_deref()?.parse().ok()?;
        let host = report.sysctls.clone();
        // A report without any could not read them.
        let sysctls =
            (!host.is_empty()).then(|| SysctlValues { server: host.clone(), client: host });
        Some(Self { rules, hz: report.hz, sysctls, set_by_run: Vec::new() })
    }

    /// The kernel's rules.
    pub fn rules(&self) -> RuleSet {
        self.rules
    }

    /// The kernel's timer ticks per second, if they are known.
    pub fn hz(&self) -> Option<u32> {
        self.hz
    }

    /// The value of a sysctl that the scenario does not set.
    pub(crate) fn unstated(&self, host: Role, sysctl: Sysctl) -> UnstatedValue {
        let is_set = |(role, name): &(Role, String)| *role == host && name == sysctl.name();
        let sysctls = self.sysctls.as_ref().filter(|_| !self.set_by_run.iter().any(is_set));
        let known = sysctls.map(|sysctls| match host {
            Role::Server => sysctls.at_server(sysctl),
            Role::Client => sysctls.at_client(sysctl),
        });
        match (namespace_default(sysctl, self.rules), known) {
            (NamespaceDefault::FromMemory { at_least }, known) => {
                let smaller = known.flatten().and_then(|value| value.parse::<u32>().ok());
                UnstatedValue::AtLeast(smaller.map_or(at_least, |value| value.min(at_least)))
            }
            (_, Some(Some(value))) => UnstatedValue::Value(value.to_owned()),
            (_, Some(None)) => UnstatedValue::Absent,
            (NamespaceDefault::Constant(value), None) => UnstatedValue::Value(value.to_owned()),
            (NamespaceDefault::FromHost | NamespaceDefault::Differs, None) => {
                UnstatedValue::Unknown
            }
        }
    }
}

/// The names of the sysctls of a host that a run's scenario set.
fn sysctls_set_by(run: &RunRecord, host: &str) -> impl Iterator<Item = String> {
    let prefix = format!("hosts.{host}.sysctls.");
    let section = run.scenario.resolved.pointer(&format!("/hosts/{host}/sysctls"));
    let section = section.and_then(Value::as_object).into_iter().flat_map(|set| set.keys());
    let axes = run.axes.iter().filter_map(move |axis| axis.path.strip_prefix(&prefix));
    section.map(String::as_str).chain(axes).map(dotted)
}

/// Describes the kernel of a backend's hosts for predictions on other machines.
///
/// # Errors
/// If a testbed or a worker fails.
pub fn describe_kernel(backend: &dyn Backend) -> Result<KernelReport> {
    let ServerSettings { design, thread_stack, .. } = ServerSettings::default();
    let threads_per_client = design.design().threads_per_client;
    backend.reserve(&Needs { clients: 1, threads_per_client, thread_stack, ..Needs::default() })?;
    let rules = kernel_rules::determine(backend)?;
    let sysctls = NetworkNamespace::create().ok().and_then(|new| new.deciding_sysctls().ok());
    let sysctls = sysctls.into_iter().flatten().map(|(name, value)| (name.to_string(), value));
    Ok(KernelReport {
        release: Machine::current().kernel,
        rules: rules.syn_queue_full.is_some().then(|| rule_set(&rules).name().to_owned()),
        hz: backend.timer_wheel().as_ref().map(TimerWheel::hz),
        sysctls: sysctls.collect::<BTreeMap<_, _>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(rules: Option<&str>, sysctls: &[(Sysctl, &str)]) -> KernelReport {
        let value =
            |(sysctl, value): &(Sysctl, &str)| (sysctl.name().to_owned(), (*value).to_owned());
        KernelReport {
            release: "5.15.0-130-generic".to_owned(),
            rules: rules.map(str::to_owned),
            hz: Some(250),
            sysctls: sysctls.iter().map(value).collect(),
        }
    }

    #[test]
    fn a_reported_kernel_has_its_own_values_except_for_those_from_memory() {
        let sysctls = [(Sysctl::Somaxconn, "128"), (Sysctl::TcpMaxSynBacklog, "4096")];
        let facts = KernelFacts::of_report(&report(Some("4.10-to-2024"), &sysctls)).unwrap();
        assert_eq!((facts.rules(), facts.hz()), (RuleSet::Until2024, Some(250)));
        let unstated = |sysctl| facts.unstated(Role::Server, sysctl);
        assert_eq!(unstated(Sysctl::Somaxconn), UnstatedValue::Value("128".to_owned()));
        assert_eq!(unstated(Sysctl::TcpMaxSynBacklog), UnstatedValue::AtLeast(128));
        assert_eq!(unstated(Sysctl::TcpTwReuseDelay), UnstatedValue::Absent);
        assert_eq!(KernelFacts::of_report(&report(None, &sysctls)), None);
    }

    #[test]
    fn an_assumed_kernel_has_the_constants_of_its_rules() {
        let unstated = |rules, sysctl| KernelFacts::assumed(rules).unstated(Role::Client, sysctl);
        let value = |text: &str| UnstatedValue::Value(text.to_owned());
        assert_eq!(unstated(RuleSet::Since2025, Sysctl::Somaxconn), value("4096"));
        assert_eq!(unstated(RuleSet::Until2024, Sysctl::Somaxconn), UnstatedValue::Unknown);
        assert_eq!(unstated(RuleSet::Until2024, Sysctl::TcpSynRetries), value("6"));
        assert_eq!(unstated(RuleSet::Since2025, Sysctl::TcpRmem), UnstatedValue::Unknown);
    }
}
