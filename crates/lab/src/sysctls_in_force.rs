//! The sysctls in force in both hosts, as far as they are known.

use indexmap::IndexMap;
use linux_net::Sysctl;
use run_record::SysctlValues;
use scenario::CellSettings;

use crate::backend::{Role, TestbedSpec};
use crate::kernel_facts::{KernelFacts, UnstatedValue};

/// The sysctls of both hosts.
#[derive(Debug, Clone)]
pub(crate) struct SysctlsInForce<'a> {
    /// Those that the scenario sets.
    server: IndexMap<String, String>,
    client: IndexMap<String, String>,
    others: Others<'a>,
}

/// What is known of the sysctls of a host.
#[derive(Debug, Clone, Copy)]
enum Others<'a> {
    /// All that decide how connections queue, as read in a trial.
    Read(&'a SysctlValues),
    /// Those that the scenario does not set are the kernel's.
    Kernel(&'a KernelFacts),
}

impl<'a> SysctlsInForce<'a> {
    /// Those of a trial, as read back.
    pub(crate) fn of_trial(cell: &CellSettings, read: &'a SysctlValues) -> Self {
        Self::new(cell, Others::Read(read))
    }

    /// Those that a cell will have on a kernel.
    pub(crate) fn of_cell(cell: &CellSettings, kernel: &'a KernelFacts) -> Self {
        Self::new(cell, Others::Kernel(kernel))
    }

    fn new(cell: &CellSettings, others: Others<'a>) -> Self {
        let TestbedSpec { server_sysctls, client_sysctls, .. } = TestbedSpec::from_settings(cell);
        Self { server: server_sysctls, client: client_sysctls, others }
    }

    /// The names of those that the scenario sets, with their host.
    pub(crate) fn stated(&self) -> impl Iterator<Item = (Role, &str)> {
        let server = self.server.keys().map(|name| (Role::Server, name.as_str()));
        let client = self.client.keys().map(|name| (Role::Client, name.as_str()));
        server.chain(client)
    }

    /// The value of a sysctl that the scenario sets, as text.
    pub(crate) fn stated_value(&self, host: Role, name: &str) -> Option<&str> {
        let stated = match host {
            Role::Server => &self.server,
            Role::Client => &self.client,
        };
        stated.get(name).map(String::as_str)
    }

    /// The value of a sysctl.
    pub(crate) fn get(&self, host: Role, sysctl: Sysctl) -> UnstatedValue {
        let value = |text: &str| UnstatedValue::Value(text.to_owned());
        match self.others {
            Others::Read(values) => {
                let read = match host {
                    Role::Server => values.at_server(sysctl),
                    Role::Client => values.at_client(sysctl),
                };
                read.map_or(UnstatedValue::Absent, value)
            }
            Others::Kernel(kernel) => self
                .stated_value(host, sysctl.name())
                .map_or_else(|| kernel.unstated(host, sysctl), value),
        }
    }
}

/// Minimum of the default and of the maximum size of a large buffer, bytes.
const LARGE_BUFFER: u64 = 16 * 1024;

/// Whether the default and the maximum of `tcp_rmem` or `tcp_wmem` are large. Those of a
/// machine are, unless its administrator changed them.
pub(crate) fn is_large_buffer(sizes: &UnstatedValue) -> bool {
    let UnstatedValue::Value(sizes) = sizes else { return true };
    let sizes: Vec<u64> = sizes.split_whitespace().filter_map(|size| size.parse().ok()).collect();
    sizes.len() == 3 && sizes[1..].iter().all(|size| *size >= LARGE_BUFFER)
}
