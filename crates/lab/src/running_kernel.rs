//! What a scenario's check asks of the kernel that this process runs on.

use linux_net::{Counters, SysctlName, SysctlScope};
use scenario::{Kernel, SysctlKind};

/// The kernel that this process runs on.
#[derive(Debug, Clone, Copy)]
pub struct RunningKernel;

impl Kernel for RunningKernel {
    fn sysctls(&self, names: &[String]) -> Vec<SysctlKind> {
        let kind = |name: &String| match name.parse::<SysctlName>() {
            Err(_) => SysctlKind::Unknown,
            Ok(name) => match linux_net::sysctl_scope(&name) {
                SysctlScope::PerNamespace => SysctlKind::PerNamespace,
                SysctlScope::Global => SysctlKind::Global,
                SysctlScope::Unknown => SysctlKind::Unknown,
                SysctlScope::CannotTell(_) => SysctlKind::CannotTell,
            },
        };
        names.iter().map(kind).collect()
    }

    fn counter_names(&self) -> Option<Vec<String>> {
        Some(Counters::here().ok()?.iter().map(|(name, _)| name.to_owned()).collect())
    }
}
