//! The sysctls of both hosts.

use std::collections::BTreeMap;

use linux_net::Sysctl;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Sysctls by name, as the kernel read them back.
type SysctlMap = BTreeMap<String, String>;

/// Sysctls of both hosts, by name, as read back.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct SysctlValues {
    /// In the server's host.
    pub server: SysctlMap,
    /// In the client's host.
    pub client: SysctlMap,
}

impl SysctlValues {
    /// A sysctl of the server's host; `None` if it was not read.
    pub fn at_server(&self, sysctl: Sysctl) -> Option<&str> {
        self.server.get(sysctl.name()).map(String::as_str)
    }

    /// A sysctl of the client's host; `None` if it was not read.
    pub fn at_client(&self, sysctl: Sysctl) -> Option<&str> {
        self.client.get(sysctl.name()).map(String::as_str)
    }
}
