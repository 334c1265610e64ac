//! The value of a sysctl in a new network namespace, if a scenario does not set it.

use linux_net::Sysctl;
use queue_model::kernel_rules::RuleSet;

/// What is known of a sysctl's value in a new network namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamespaceDefault {
    /// A constant of the kernel.
    Constant(&'static str),
    /// The kernel computes it from the machine's memory; never less than this on a machine
    /// of at least 128 MB.
    FromMemory {
        /// The smallest value.
        at_least: u32,
    },
    /// The value of the machine itself when the namespace is created.
    FromHost,
    /// Kernels with these rules differ.
    Differs,
}

/// The value of a sysctl in a new network namespace of kernels with these rules.
///
/// The constants are those of `tcp_sk_init` (net/ipv4/tcp_ipv4.c), `inet_init_net`
/// (net/ipv4/af_inet.c) and `net_ns_net_init` in Linux 6.18. A value differs between the
/// kernels of a rule set if the sysctl or its present default is newer than the oldest of
/// them.
pub(crate) fn namespace_default(sysctl: Sysctl, rules: RuleSet) -> NamespaceDefault {
    use NamespaceDefault::{Constant, Differs, FromHost, FromMemory};
    // Of the rules since 2025, 5.15 is the oldest kernel whose stable tree adopted them.
    let constant_since_2025 = |value| match rules {
        RuleSet::Since2025 => Constant(value),
        RuleSet::Until2024 => Differs,
    };
    match sysctl {
        // SOMAXCONN was 128 before Linux 5.4.
        Sysctl::Somaxconn => constant_since_2025("4096"),
        Sysctl::IpLocalPortRange => Constant("32768 60999"),
        Sysctl::IpLocalReservedPorts => Constant(""),
        Sysctl::IpNonlocalBind => Constant("0"),
        Sysctl::IpUnprivilegedPortStart => Constant("1024"),
        Sysctl::TcpAbortOnOverflow => Constant("0"),
        Sysctl::TcpFastopen => Constant("1"),
        Sysctl::TcpFinTimeout => Constant("60"),
        // max(128, size of the hash table of connections / 128).
        Sysctl::TcpMaxSynBacklog => FromMemory { at_least: 128 },
        // Half the size of that table, which has a slot for each 128 KB of memory.
        Sysctl::TcpMaxTwBuckets => FromMemory { at_least: 512 },
        Sysctl::TcpMigrateReq => Constant("0"),
        Sysctl::TcpNoMetricsSave => Constant("0"),
        Sysctl::TcpOrphanRetries => Constant("0"),
        Sysctl::TcpRfc1337 => Constant("0"),
        Sysctl::TcpRmem | Sysctl::TcpWmem => FromHost,
        // Without the sysctl, TCP_RTO_MAX and TCP_RTO_MIN, which have the same values.
        Sysctl::TcpRtoMaxMs => Constant("120000"),
        Sysctl::TcpRtoMinUs => Constant("200000"),
        // Kernels without the sysctl (5.15, 6.1) double the timeout from the start.
        Sysctl::TcpSynLinearTimeouts => Differs,
        Sysctl::TcpSynRetries => Constant("6"),
        Sysctl::TcpSynackRetries => Constant("5"),
        Sysctl::TcpSyncookies => Constant("1"),
        Sysctl::TcpTimestamps => Constant("1"),
        // The default was 0 before it became 2.
        Sysctl::TcpTwReuse => constant_since_2025("2"),
        // Kernels without the sysctl (6.12 too) compare whole seconds.
        Sysctl::TcpTwReuseDelay => Differs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The running kernel must have the rules since 2025.
    #[test]
    fn kernel_constants_are_those_of_a_new_namespace() {
        let namespace = linux_net::NetworkNamespace::create().expect("tests run as root");
        let values = namespace.deciding_sysctls().expect("its sysctls can be read");
        assert!(!values.is_empty());
        for (name, value) in values {
            let sysctl = Sysctl::from_name(name.as_str()).expect("only known ones are read");
            match namespace_default(sysctl, RuleSet::Since2025) {
                NamespaceDefault::Constant(constant) => assert_eq!(value, constant, "{sysctl}"),
                NamespaceDefault::FromMemory { at_least } => {
                    assert!(value.parse::<u32>().is_ok_and(|value| value >= at_least), "{sysctl}");
                }
                NamespaceDefault::FromHost => assert!(!value.is_empty(), "{sysctl}"),
                NamespaceDefault::Differs => {
                    let newer = [Sysctl::TcpSynLinearTimeouts, Sysctl::TcpTwReuseDelay];
                    assert!(newer.contains(&sysctl), "{sysctl} has a default");
                }
            }
        }
    }
}
