//! Clients of a namespace have no local port left for a destination.

use linux_net::Sysctl;
use watch_record::{PortUsage, Severity, TroubleKind};

use super::evidence::NamespaceEvidence;
use super::rule::NamespaceRule;
use crate::words::counted;

const RANGE: Sysctl = Sysctl::IpLocalPortRange;
const REUSE: Sysctl = Sysctl::TcpTwReuse;

/// How many are in use, and how to get more.
pub(super) const RULE: NamespaceRule = NamespaceRule {
    kind: TroubleKind::PortsInUse,
    needs: |namespace| usage(namespace).is_some(),
    severity: |namespace| match usage(namespace).is_some_and(is_exhausted) {
        true => Severity::Critical,
        false => Severity::Warning,
    },
    text: &[
        |namespace| {
            let PortUsage { destination, ports, in_time_wait, range } = usage(namespace)?;
            let waiting = match in_time_wait {
                0 => String::new(),
                some => format!(", {} of them in TIME_WAIT", counted((*some).into())),
            };
            Some(format!(
                "Connections from one local address to {destination} use {} of the {} ports of \
                 {RANGE}{waiting}.",
                counted((*ports).into()),
                counted((*range).into())
            ))
        },
        |namespace| {
            let usage = usage(namespace)?;
            Some(match (is_exhausted(usage), usage.in_time_wait) {
                (true, 0) => "A further connect(2) fails with EADDRNOTAVAIL.".to_owned(),
                (true, _) => format!(
                    "A further connect(2) fails with EADDRNOTAVAIL, unless {REUSE} lets it take one \
                     that is in TIME_WAIT."
                ),
                (false, _) => "When none is left, connect(2) fails with EADDRNOTAVAIL; ports of \
                     ip_local_reserved_ports are never taken."
                    .to_owned(),
            })
        },
    ],
    advice: &[
        |namespace| {
            let range = usage(namespace)?.range;
            let wider = match range >= u16::MAX.into() {
                true => "Another".to_owned(),
                false => format!("A wider {RANGE}, another"),
            };
            Some(format!(
                "{wider} source address, or another address or port of the server gives more."
            ))
        },
        |namespace| {
            let usage = usage(namespace)?;
            (usage.in_time_wait > usage.ports / 2).then(|| {
                "Most are in TIME_WAIT, for 60\u{a0}s after a close: connections that are kept and \
                 used again need fewer."
                    .to_owned()
            })
        },
    ],
};

/// The usage, if nearly all ports are in use.
fn usage<'a>(namespace: &'a NamespaceEvidence<'_>) -> Option<&'a PortUsage> {
    namespace.busiest_destination().filter(|usage| {
        usage.range > 0 && u64::from(usage.ports) * 10 >= u64::from(usage.range) * 9
    })
}

fn is_exhausted(usage: &PortUsage) -> bool {
    usage.ports >= usage.range
}
