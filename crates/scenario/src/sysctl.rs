//! Which sysctls a scenario may set: asked of whoever knows the kernel.

use crate::problem::Problem;
use crate::suggest::did_you_mean;
use crate::tree::Place;

/// What a kernel does with a sysctl.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SysctlKind {
    /// Each network namespace has its own.
    PerNamespace,
    /// The whole machine has one: a scenario must not set it.
    Global,
    /// There is none of that name.
    Unknown,
    /// It could not be found out here.
    CannotTell,
}

/// What is known of the kernel that a scenario is meant for. This crate asks
/// nothing of the machine itself.
pub trait Kernel {
    /// What the kernel does with each of these sysctls, in their order.
    fn sysctls(&self, names: &[String]) -> Vec<SysctlKind>;

    /// The sysctls that a scenario may set, to suggest from; those of the
    /// lab's own documentation when not overridden.
    fn sysctl_names(&self) -> Vec<String> {
        USUAL.iter().map(|&name| name.to_owned()).collect()
    }

    /// Every counter that a trial will have, named as in `counters.server`;
    /// none when that is not known, and then any name is allowed.
    fn counter_names(&self) -> Option<Vec<String>> {
        None
    }
}

/// A kernel of which nothing is known: every sysctl and counter may exist.
#[derive(Debug, Clone, Copy, Default)]
pub struct AnyKernel;

impl Kernel for AnyKernel {
    fn sysctls(&self, names: &[String]) -> Vec<SysctlKind> {
        vec![SysctlKind::CannotTell; names.len()]
    }
}

/// The per-namespace sysctls that decide how connections queue.
const USUAL: &[&str] = &[
    "net.core.somaxconn",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_nonlocal_bind",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_abort_on_overflow",
    "net.ipv4.tcp_fastopen",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_max_syn_backlog",
    "net.ipv4.tcp_max_tw_buckets",
    "net.ipv4.tcp_migrate_req",
    "net.ipv4.tcp_no_metrics_save",
    "net.ipv4.tcp_orphan_retries",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_syn_linear_timeouts",
    "net.ipv4.tcp_syn_retries",
    "net.ipv4.tcp_synack_retries",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_timestamps",
    "net.ipv4.tcp_tw_reuse",
    "net.ipv4.tcp_tw_reuse_delay",
    "net.ipv4.tcp_wmem",
];

/// Records the sysctls that this kernel does not have, or has only once.
pub(crate) fn check(named: &[(String, Place)], kernel: &dyn Kernel, problems: &mut Vec<Problem>) {
    let names: Vec<String> = named.iter().map(|(name, _)| name.clone()).collect();
    for ((name, place), kind) in named.iter().zip(kernel.sysctls(&names)) {
        match kind {
            SysctlKind::PerNamespace | SysctlKind::CannotTell => {}
            SysctlKind::Unknown => {
                let known = kernel.sysctl_names();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                problems.push(
                    Problem::new(place.clone(), format!("this kernel has no sysctl `{name}`"))
                        .maybe_help(did_you_mean(name, &known)),
                );
            }
            SysctlKind::Global => problems.push(
                Problem::new(
                    place.clone(),
                    format!(
                        "`{name}` is not kept per namespace: to set it would change the machine"
                    ),
                )
                .help("leave it out; the lab never writes the machine's own sysctls"),
            ),
        }
    }
}
