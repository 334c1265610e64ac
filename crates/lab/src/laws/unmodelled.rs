//! Sysctls whose effects the laws do not know.

use linux_net::Sysctl;

use super::condition::{Inapplicable, not_applied};
use super::inputs::Inputs;

/// Sysctls that affect no law: they change how an established connection transfers data,
/// or do not concern TCP.
const UNRELATED: &[&str] = &[
    "net.core.txrehash",
    "net.ipv4.icmp_ratelimit",
    "net.ipv4.igmp_max_memberships",
    "net.ipv4.ip_early_demux",
    "net.ipv4.ip_forward",
    "net.ipv4.tcp_autocorking",
    "net.ipv4.tcp_congestion_control",
    "net.ipv4.tcp_dsack",
    "net.ipv4.tcp_early_demux",
    "net.ipv4.tcp_fack",
    "net.ipv4.tcp_frto",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_limit_output_bytes",
    "net.ipv4.tcp_moderate_rcvbuf",
    "net.ipv4.tcp_recovery",
    "net.ipv4.tcp_reordering",
    "net.ipv4.tcp_retries1",
    "net.ipv4.tcp_retries2",
    "net.ipv4.tcp_sack",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_thin_linear_timeouts",
    "net.ipv4.tcp_window_scaling",
    "net.ipv4.udp_rmem_min",
    "net.ipv4.udp_wmem_min",
];

/// Requires that the cell sets only sysctls whose effects are known. The rules read those
/// in the table of [`Sysctl`], each those in its list.
pub(super) fn require_known(inputs: &Inputs<'_>) -> Result<(), Inapplicable> {
    match inputs.stated_names().find(|(_, name)| !is_known(name)) {
        None => Ok(()),
        Some((host, name)) => Err(not_applied(format!(
            "the scenario sets {name} of the {}, whose effect on this law is not known",
            host.name()
        ))),
    }
}

fn is_known(name: &str) -> bool {
    Sysctl::from_name(name).is_some() || UNRELATED.contains(&name)
}
