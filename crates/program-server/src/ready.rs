//! When a program is ready: it listens, and has printed a line.

use std::net::{IpAddr, SocketAddr};

use linux_net::Listener;

use crate::settings::CommandServer;

/// What a program listens on, as far as its settings are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Listening<'a> {
    /// On its port, for clients of another host.
    Here(&'a Listener),
    /// On its port, but clients cannot reach the address.
    Unreachable(SocketAddr),
    /// On other ports only.
    Elsewhere(SocketAddr),
    /// On none.
    Nowhere,
}

/// Finds the listener of a program among those of its host.
pub(crate) fn find<'a>(settings: &CommandServer, listeners: &'a [Listener]) -> Listening<'a> {
    let on_port = |listener: &&Listener| listener.local.port() == settings.port;
    let is_meant = |listener: &&Listener| match settings.address {
        Some(address) => listener.local.ip().to_canonical() == address.to_canonical(),
        None => is_reachable(listener.local.ip()),
    };
    let here = listeners.iter().filter(on_port).find(is_meant);
    let unreachable = || listeners.iter().find(on_port).map(|found| found.local);
    match (here, unreachable(), listeners.first()) {
        (Some(listener), _, _) => Listening::Here(listener),
        (None, Some(local), _) => Listening::Unreachable(local),
        (None, None, Some(other)) => Listening::Elsewhere(other.local),
        (None, None, None) => Listening::Nowhere,
    }
}

fn is_reachable(address: IpAddr) -> bool {
    !address.to_canonical().is_loopback()
}

/// Why a program that has had its time, or has ended, is not ready.
pub(crate) fn reason(settings: &CommandServer, found: Listening<'_>, within: &str) -> String {
    let port = settings.port;
    match found {
        Listening::Here(_) => {
            let line = settings.ready.line.as_deref().unwrap_or_default();
            format!("it listens, but has printed no line that matches `{line}` {within}")
        }
        Listening::Unreachable(local) => {
            let wanted = settings.address.map_or_else(
                || "clients of another host cannot reach that: let it listen on 0.0.0.0".to_owned(),
                |address| format!("not on {address} (server.command.address)"),
            );
            format!("it listens on {local}; {wanted}")
        }
        Listening::Elsewhere(local) => {
            format!("it listens on {local}, not on port {port} (server.command.port)")
        }
        Listening::Nowhere => format!("it has not listened on port {port} {within}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(local: &str) -> Listener {
        Listener { local: local.parse().unwrap(), queued: 0, limit: 5, inode: 1, drops: None }
    }

    fn on_80(address: Option<&str>) -> CommandServer {
        let settings = "{\"program\":[\"x\"],\"port\":80}";
        CommandServer {
            address: address.map(|address| address.parse().unwrap()),
            ..serde_json::from_str(settings).unwrap()
        }
    }

    fn of(address: Option<&str>, listeners: &[&str]) -> String {
        let listeners: Vec<_> = listeners.iter().map(|local| listener(local)).collect();
        let settings = on_80(address);
        match find(&settings, &listeners) {
            Listening::Here(listener) => listener.local.to_string(),
            other => reason(&settings, other, "within 2s"),
        }
    }

    #[test]
    fn a_listener_of_any_address_that_clients_reach_is_found() {
        assert_eq!(of(None, &["127.0.0.1:80", "0.0.0.0:80"]), "0.0.0.0:80");
        assert_eq!(of(None, &["[::]:81", "[::]:80"]), "[::]:80");
        assert_eq!(of(Some("198.18.0.1"), &["0.0.0.0:80", "198.18.0.1:80"]), "198.18.0.1:80");
    }

    #[test]
    fn another_one_is_named() {
        let not_reached = of(None, &["0.0.0.0:81", "127.0.0.1:80"]);
        assert!(not_reached.starts_with("it listens on 127.0.0.1:80; clients"), "{not_reached}");
        assert_eq!(
            of(None, &["0.0.0.0:81"]),
            "it listens on 0.0.0.0:81, not on port 80 (server.command.port)"
        );
        assert_eq!(of(None, &[]), "it has not listened on port 80 within 2s");
        assert!(of(Some("198.18.0.9"), &["0.0.0.0:80"]).contains("not on 198.18.0.9"));
    }
}
