//! The list of all rules.

use std::collections::BTreeSet;

use linux_net::Sysctl;
use queue_model::law::Law;

use super::reads::Reads;
use super::rule::Rule;
use super::{accepting, closing, half_open, held_acks, local_ports, unanswered};

/// Every rule, in the order in which reports show them.
pub(super) const RULES: &[Rule] = &[
    accepting::LISTEN_LIMIT,
    accepting::ACCEPT_QUEUE,
    accepting::REUSEPORT,
    accepting::DEFERRAL,
    half_open::SYN_QUEUE,
    half_open::COOKIES_RECEIVED,
    half_open::LIVE_CLIENTS,
    unanswered::SYN_RETRY,
    held_acks::RELEASE,
    local_ports::AT_ONCE,
    local_ports::IN_SEQUENCE,
    closing::BUCKETS,
    closing::TIME_WAIT,
    closing::FIN_WAIT_2,
    closing::BIND,
    closing::FREE_AGAIN,
];

/// What every rule reads: whether its clients have one listener.
const DESTINATIONS: &str = "load.destinations";

/// The ids of all laws.
pub(crate) fn ids() -> impl Iterator<Item = &'static str> {
    RULES.iter().flat_map(|rule| rule.laws).map(|law| law.id)
}

/// The settings that laws read, other than the kernel's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LawSettings {
    /// The laws, which have the same conditions.
    pub laws: Vec<&'static Law>,
    /// Paths in a scenario, such as `server.backlog` or
    /// `hosts.server.sysctls.net.core.somaxconn`, in order. No other setting changes the
    /// laws' predictions or why they are not applied, except for a sysctl whose effects are
    /// not known.
    pub settings: Vec<String>,
}

/// The settings that each law reads.
pub fn law_settings() -> Vec<LawSettings> {
    let of_rule = |rule: &Rule| {
        let paths = |reads: &Reads| {
            let sysctls = |host: &'static str, sysctls: &'static [Sysctl]| {
                sysctls.iter().map(move |sysctl| format!("hosts.{host}.sysctls.{sysctl}"))
            };
            let settings = reads.settings.iter().map(|path| (*path).to_owned());
            let server = sysctls("server", reads.server);
            settings.chain(server).chain(sysctls("client", reads.client)).collect::<Vec<_>>()
        };
        let mut settings: BTreeSet<_> = rule.reads.iter().flat_map(paths).collect();
        settings.insert(DESTINATIONS.to_owned());
        LawSettings { laws: rule.laws.iter().collect(), settings: settings.into_iter().collect() }
    };
    RULES.iter().map(of_rule).collect()
}
