//! The name of a sysctl.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a sysctl, `net.core.somaxconn`. As in sysctl(8), a dot inside a part is
/// written as a slash (`net.ipv4.conf.eth0/100.rp_filter`); in a name whose first
/// separator is a slash the two are swapped. It is always shown in the first form.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SysctlName(String);

/// A text is not the name of a sysctl.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a sysctl name: {reason} (expected for example `net.core.somaxconn`)")]
pub struct SysctlNameError {
    name: String,
    reason: &'static str,
}

impl SysctlName {
    /// The name, parts separated by dots.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its file below /proc/sys.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/sys/{}", swap_separators(&self.0)))
    }

    /// Whether [`crate::NetworkNamespace::try_sysctls`] tries this sysctl as `tried`.
    pub fn is_tried_as(&self, tried: &Self) -> bool {
        self.of_loopback() == *tried
    }

    /// The values that the kernel accepts, to be read after "use"; `None` if they are not
    /// in this table, from net/ipv4/sysctl_net_ipv4.c and net/core/sysctl_net_core.c of
    /// Linux 6.18 and 6.12.
    pub fn allowed_values(&self) -> Option<&'static str> {
        let name = self.0.strip_prefix("net.ipv4.").or(self.0.strip_prefix("net.core."))?;
        Some(match name {
            "somaxconn" => "0 to 2147483647",
            "ip_local_port_range" => {
                "two ports, 1 to 65535: the first and the last, the first not below \
                 net.ipv4.ip_unprivileged_port_start"
            }
            "ip_local_reserved_ports" => "ports and ranges of ports, such as 8080,9000-9002",
            "ip_unprivileged_port_start" => {
                "0 to 65535, and not above the first port of net.ipv4.ip_local_port_range"
            }
            "tcp_syn_retries" => "1 to 127",
            "tcp_syn_linear_timeouts" => "0 to 127",
            "tcp_synack_retries"
            | "tcp_syncookies"
            | "tcp_abort_on_overflow"
            | "tcp_timestamps"
            | "tcp_orphan_retries"
            | "tcp_no_metrics_save"
            | "tcp_rfc1337"
            | "tcp_retries1"
            | "tcp_retries2" => "0 to 255",
            "tcp_tw_reuse" => "0 to 2",
            "tcp_tw_reuse_delay" => "1 to 60000",
            "tcp_migrate_req" => "0 or 1",
            "tcp_rto_max_ms" => "1000 to 120000",
            "tcp_rto_min_us" => "1 to 2147483647",
            "tcp_max_syn_backlog" | "tcp_max_tw_buckets" => "a whole number of at most 2147483647",
            "tcp_fin_timeout" => {
                "a whole number of seconds, at most 2147483647 divided by the kernel's ticks per second"
            }
            // 6.12.117 refuses less than `tcp_min_rcvbuf`, 6.18.44 does not.
            "tcp_rmem" => {
                "three sizes of at least 1, on some kernels of at least 4096: minimum, default and \
                 maximum"
            }
            "tcp_wmem" => "three sizes of at least 1: minimum, default and maximum",
            _ => return None,
        })
    }

    /// Whether a network namespace could own it.
    pub(crate) fn is_about_networks(&self) -> bool {
        self.0.starts_with("net.")
    }

    /// The same setting of the loopback, which every namespace has, if the name belongs
    /// to one interface.
    pub(crate) fn of_loopback(&self) -> Self {
        let mut parts: Vec<_> = self.0.split('.').collect();
        if let ["net", "ipv4" | "ipv6", "conf" | "neigh", interface, _] = parts.as_mut_slice()
            && !matches!(*interface, "all" | "default")
        {
            *interface = "lo";
        }
        Self(parts.join("."))
    }
}

fn swap_separators(name: &str) -> String {
    let swap = |character| match character {
        '.' => '/',
        '/' => '.',
        other => other,
    };
    name.chars().map(swap).collect()
}

impl FromStr for SysctlName {
    type Err = SysctlNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let error = |reason| SysctlNameError { name: name.to_owned(), reason };
        let separator = name
            .chars()
            .find(|character| matches!(character, '.' | '/'))
            .ok_or_else(|| error("it has one part"))?;
        let dotted = if separator == '/' { swap_separators(name) } else { name.to_owned() };
        for part in dotted.split('.') {
            if part.is_empty() {
                return Err(error("it has an empty part"));
            }
            // "/" and "//" would become "." and ".." in a path.
            if part.chars().all(|character| character == '/') {
                return Err(error("a part must not consist of dots"));
            }
            if !part.chars().all(|character| character.is_ascii_graphic()) {
                return Err(error("it has an invalid character"));
            }
        }
        Ok(Self(dotted))
    }
}

impl TryFrom<String> for SysctlName {
    type Error = SysctlNameError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<SysctlName> for String {
    fn from(name: SysctlName) -> Self {
        name.0
    }
}

impl fmt::Display for SysctlName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_names_to_files_as_sysctl_does() {
        for (name, shown, path) in [
            ("net.core.somaxconn", "net.core.somaxconn", "/proc/sys/net/core/somaxconn"),
            ("net/core/somaxconn", "net.core.somaxconn", "/proc/sys/net/core/somaxconn"),
            (
                "net.ipv4.conf.eth0/100.rp_filter",
                "net.ipv4.conf.eth0/100.rp_filter",
                "/proc/sys/net/ipv4/conf/eth0.100/rp_filter",
            ),
            (
                "net/ipv4/conf/eth0.100/rp_filter",
                "net.ipv4.conf.eth0/100.rp_filter",
                "/proc/sys/net/ipv4/conf/eth0.100/rp_filter",
            ),
        ] {
            let parsed: SysctlName = name.parse().unwrap();
            assert_eq!(parsed.as_str(), shown);
            assert_eq!(parsed.path().to_str(), Some(path));
        }
    }

    #[test]
    fn names_that_could_leave_proc_sys_are_refused() {
        for name in [
            "",
            "somaxconn",
            ".",
            "..",
            "net.",
            ".net",
            "net..core",
            "net.//.core",
            "net./.core",
            "net/../core",
            "/net/core",
            "net.core.so maxconn",
            "net.core.x\n",
            "net.core.\0",
        ] {
            assert!(name.parse::<SysctlName>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn a_name_of_an_interface_becomes_that_of_the_loopback() {
        let of_loopback = |name: &str| name.parse::<SysctlName>().unwrap().of_loopback().0;
        assert_eq!(of_loopback("net.ipv4.conf.server0.rp_filter"), "net.ipv4.conf.lo.rp_filter");
        assert_eq!(of_loopback("net.ipv4.conf.all.rp_filter"), "net.ipv4.conf.all.rp_filter");
        assert_eq!(of_loopback("net.core.somaxconn"), "net.core.somaxconn");
    }
}
