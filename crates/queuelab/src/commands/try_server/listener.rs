//! The listener that a server is tried on.

use std::collections::BTreeSet;
use std::net::IpAddr;

use program_server::ProgramListener;

use crate::error::{CommandError, Result};

/// net.core.somaxconn with which a listener shows the backlog that its program passes.
pub(super) const LARGE_SOMAXCONN: u32 = 1_000_000;

/// The port of a server, and what it passes to listen(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) port: u16,
    /// The backlog; none if several listeners share the port.
    pub(super) backlog: Option<Backlog>,
    /// The limit of a listener with [`LARGE_SOMAXCONN`].
    pub(super) limit: u32,
}

/// The backlog that a program passes to listen(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Backlog {
    /// This one.
    Of(u32),
    /// net.core.somaxconn, −1 or another one that is larger than [`LARGE_SOMAXCONN`].
    Somaxconn,
}

impl Backlog {
    /// As in a scenario.
    pub(super) fn setting(self) -> i64 {
        match self {
            Self::Of(backlog) => backlog.into(),
            Self::Somaxconn => -1,
        }
    }
}

impl Found {
    /// The limit of a listener with this net.core.somaxconn.
    pub(super) fn limit_with(&self, somaxconn: u32) -> u32 {
        self.limit.min(somaxconn)
    }
}

/// The listener of `port`, or the only one, of those that clients can reach.
///
/// # Errors
/// If there are several.
pub(super) fn choose(listeners: &[ProgramListener], port: Option<u16>) -> Result<Found> {
    let ports: BTreeSet<u16> = listeners.iter().map(|listener| listener.local.port()).collect();
    let port = match (port, ports.iter().collect::<Vec<_>>().as_slice()) {
        (Some(port), _) => port,
        (None, [port]) => **port,
        (None, several) => {
            let several: Vec<_> = several.iter().map(ToString::to_string).collect();
            return Err(CommandError::Usage(format!(
                "the server listens on the ports {}: choose one with --port",
                several.join(", ")
            )));
        }
    };
    let on_port = listeners.iter().filter(|listener| listener.local.port() == port);
    // A client over IPv4 reaches a listener of IPv6 only if there is none of IPv4.
    let (v4, v6): (Vec<&ProgramListener>, Vec<_>) =
        on_port.partition(|listener| matches!(listener.local.ip(), IpAddr::V4(_)));
    let of_clients = if v4.is_empty() { v6 } else { v4 };
    let limit = of_clients.iter().map(|listener| listener.limit).max().unwrap_or_default();
    let backlog = match limit {
        LARGE_SOMAXCONN => Backlog::Somaxconn,
        limit => Backlog::Of(limit),
    };
    Ok(Found { port, backlog: (of_clients.len() == 1).then_some(backlog), limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listeners(of: &[(&str, u32)]) -> Vec<ProgramListener> {
        let listener = |&(local, limit): &(&str, u32)| ProgramListener {
            local: local.parse().unwrap(),
            limit,
        };
        of.iter().map(listener).collect()
    }

    #[test]
    fn the_only_port_is_chosen_and_a_listener_of_ipv4_before_one_of_ipv6() {
        let one = listeners(&[("0.0.0.0:80", 511), ("[::]:80", 600)]);
        let found = choose(&one, None).unwrap();
        assert_eq!((found.port, found.backlog), (80, Some(Backlog::Of(511))));
        assert_eq!((found.limit_with(4096), found.limit_with(128)), (511, 128));
    }

    #[test]
    fn several_ports_are_named() {
        let two = listeners(&[("0.0.0.0:80", 511), ("[::]:81", 7)]);
        let error = choose(&two, None).unwrap_err().to_string();
        assert_eq!(error, "the server listens on the ports 80, 81: choose one with --port");
        assert_eq!(choose(&two, Some(81)).unwrap().backlog, Some(Backlog::Of(7)));
    }

    #[test]
    fn the_backlog_is_not_stated_where_it_is_not_one() {
        let shared = listeners(&[("0.0.0.0:80", 5), ("0.0.0.0:80", 5)]);
        assert_eq!(choose(&shared, None).unwrap().backlog, None);
        let all = listeners(&[("0.0.0.0:80", LARGE_SOMAXCONN)]);
        assert_eq!(choose(&all, None).unwrap().backlog.unwrap().setting(), -1);
    }
}
