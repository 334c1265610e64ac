//! The settings that a rule reads.

use linux_net::Sysctl;

/// Settings and sysctls that a rule reads. Any other one changes neither its predictions
/// nor its reasons, except for an unknown sysctl ([`super::unmodelled`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reads {
    /// Paths in a scenario, such as `server.backlog`.
    pub(super) settings: &'static [&'static str],
    /// Sysctls of the server's host.
    pub(super) server: &'static [Sysctl],
    /// Sysctls of the client's host.
    pub(super) client: &'static [Sysctl],
}

impl Reads {
    /// Only settings.
    pub(super) const fn settings(settings: &'static [&'static str]) -> Self {
        Self { settings, server: &[], client: &[] }
    }

    /// Only sysctls of the server's host.
    pub(super) const fn server(server: &'static [Sysctl]) -> Self {
        Self { settings: &[], server, client: &[] }
    }

    /// Only sysctls of the client's host.
    pub(super) const fn client(client: &'static [Sysctl]) -> Self {
        Self { settings: &[], server: &[], client }
    }
}
