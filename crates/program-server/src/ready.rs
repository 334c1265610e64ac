//! When a program is ready: it listens, and has printed a line.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use linux_net::Listener;

use crate::image::ImageServer;
use crate::settings::CommandServer;

/// What must listen, and be printed, before a program is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Awaited<'a> {
    /// Its section in the scenario.
    section: &'static str,
    /// The setting that names the port.
    setting: &'static str,
    port: u16,
    address: Option<IpAddr>,
    line: Option<&'a str>,
}

impl<'a> From<&'a CommandServer> for Awaited<'a> {
    fn from(settings: &'a CommandServer) -> Self {
        let CommandServer { port, address, ready, .. } = settings;
        let line = ready.line.as_deref();
        Self {
            section: "server.command",
            setting: "server.command.port",
            port: *port,
            address: *address,
            line,
        }
    }
}

impl<'a> From<&'a ImageServer> for Awaited<'a> {
    fn from(settings: &'a ImageServer) -> Self {
        let ImageServer { port, ready, .. } = settings;
        let line = ready.line.as_deref();
        Self {
            section: "server.image",
            setting: "server.image.port",
            port: *port,
            address: None,
            line,
        }
    }
}

/// What a program listens on, as far as its settings are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listening<'a> {
    /// On its port, for clients of another host.
    Here(&'a Listener),
    /// On its port, but clients cannot reach it.
    Unreachable(&'a Listener),
    /// On other ports only.
    Elsewhere(SocketAddr),
    /// On none.
    Nowhere,
}

/// How long a program that may listen on any port must have opened no further one.
const ALL_OPEN_AFTER: Duration = Duration::from_millis(300);

/// How long one that listens only where clients cannot reach it may take to open another port.
const REACHABLE_WITHIN: Duration = Duration::from_secs(3);

/// The listeners of a program that may listen on any port, while it opens them.
#[derive(Debug, Default)]
pub struct Opening {
    listeners: Vec<SocketAddr>,
    changed_at: Option<Instant>,
}

impl Opening {
    /// Finds a listener that clients can reach, once no further one has been opened for a
    /// while; and whether there is no point in waiting for one.
    pub fn find<'a>(&mut self, listeners: &'a [Listener], now: Instant) -> (Listening<'a>, bool) {
        let open: Vec<_> = listeners.iter().map(|listener| listener.local).collect();
        if self.listeners != open {
            self.listeners = open;
            self.changed_at = Some(now);
        }
        let unchanged = self.changed_at.map_or(Duration::ZERO, |at| now.duration_since(at));
        let reachable = listeners.iter().find(|listener| is_reachable(listener));
        match (reachable, listeners.first()) {
            (Some(listener), _) if unchanged >= ALL_OPEN_AFTER => {
                (Listening::Here(listener), false)
            }
            (None, Some(first)) => (Listening::Unreachable(first), unchanged >= REACHABLE_WITHIN),
            (Some(_), _) | (None, None) => (Listening::Nowhere, false),
        }
    }
}

impl<'a> Awaited<'a> {
    /// The same, and that it listens on more ports, to which clients connect too.
    pub fn with_ports(self, more_ports: &[u16]) -> Vec<Self> {
        let more = more_ports.iter().filter(|port| **port != self.port);
        let on =
            |port: &u16| Self { setting: "load.destinations", port: *port, address: None, ..self };
        std::iter::once(self).chain(more.map(on)).collect()
    }

    /// Finds the listeners of a program among those of its host: the first of `all` that is not
    /// there, or the first.
    pub fn find_all<'l>(all: &[Self], listeners: &'l [Listener]) -> (Self, Listening<'l>) {
        let mut found = all.iter().map(|awaited| (*awaited, awaited.find(listeners)));
        let is_missing = |(_, found): &(Self, Listening<'_>)| !matches!(found, Listening::Here(_));
        let missing = found.clone().find(is_missing);
        missing.or_else(|| found.next()).expect("a program has a port")
    }

    /// Finds the listener of a program among those of its host.
    pub fn find<'l>(&self, listeners: &'l [Listener]) -> Listening<'l> {
        let on_port = |listener: &&Listener| listener.local.port() == self.port;
        let here = listeners
            .iter()
            .filter(on_port)
            .find(|listener| self.has_address(listener) && is_reachable(listener));
        let unreachable = || {
            let meant =
                listeners.iter().filter(on_port).find(|listener| self.has_address(listener));
            meant.or_else(|| listeners.iter().find(on_port))
        };
        match (here, unreachable(), listeners.first()) {
            (Some(listener), _, _) => Listening::Here(listener),
            (None, Some(listener), _) => Listening::Unreachable(listener),
            (None, None, Some(other)) => Listening::Elsewhere(other.local),
            (None, None, None) => Listening::Nowhere,
        }
    }

    /// Whether a listener has the address that is asked for, if one is.
    fn has_address(&self, listener: &Listener) -> bool {
        let ip = listener.local.ip().to_canonical();
        self.address.is_none_or(|address| address.to_canonical() == ip)
    }

    /// The port that it is to listen on, for people.
    pub fn port_of(&self) -> String {
        match self.port {
            0 => "any port".to_owned(),
            port => format!("port {port}"),
        }
    }

    /// Why a program that has had its time, or has ended, is not ready.
    pub fn reason(&self, found: Listening<'_>, within: &str) -> String {
        let Self { section, setting, address, line, .. } = self;
        let port = self.port_of();
        match found {
            Listening::Here(_) => {
                let line = line.unwrap_or_default();
                format!("it listens, but has printed no line that matches `{line}` {within}")
            }
            Listening::Unreachable(listener) => {
                let local = listener.local;
                match address.filter(|_| !self.has_address(listener)) {
                    None => format!("it listens on {local}{}", unreachable(listener)),
                    Some(address) => {
                        format!("it listens on {local}; not on {address} ({section}.address)")
                    }
                }
            }
            Listening::Elsewhere(local) => {
                format!("it listens on {local}, not on {port} ({setting})")
            }
            Listening::Nowhere => format!("it has not listened on {port} {within}"),
        }
    }
}

/// Whether clients, which are on another host and connect over IPv4, reach a listener.
pub(crate) fn is_reachable(listener: &Listener) -> bool {
    match listener.local.ip().to_canonical() {
        IpAddr::V4(address) => !address.is_loopback(),
        IpAddr::V6(address) => address.is_unspecified() && !listener.v6_only,
    }
}

/// Why clients do not reach a listener, and what to do, after its address.
fn unreachable(listener: &Listener) -> &'static str {
    let address = listener.local.ip();
    if address.to_canonical().is_loopback() {
        "; clients of another host cannot reach that: let it listen on 0.0.0.0"
    } else if address.is_unspecified() {
        " for IPv6 only (IPV6_V6ONLY), and clients connect over IPv4: let it listen on 0.0.0.0 too"
    } else {
        ", and clients connect over IPv4: let it listen on 0.0.0.0"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(local: &str) -> Listener {
        Listener {
            local: local.parse().unwrap(),
            cookie: 1,
            queued: 0,
            limit: 5,
            inode: 1,
            drops: None,
            v6_only: false,
        }
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
        let awaited = Awaited::from(&settings);
        match awaited.find(&listeners) {
            Listening::Here(listener) => listener.local.to_string(),
            other => awaited.reason(other, "within 2s"),
        }
    }

    #[test]
    fn a_listener_of_any_address_that_clients_reach_is_found() {
        assert_eq!(of(None, &["127.0.0.1:80", "0.0.0.0:80"]), "0.0.0.0:80");
        assert_eq!(of(None, &["[::]:81", "[::]:80"]), "[::]:80");
        assert_eq!(of(Some("198.18.0.1"), &["0.0.0.0:80", "198.18.0.1:80"]), "198.18.0.1:80");
    }

    #[test]
    fn one_of_ipv6_that_clients_over_ipv4_do_not_reach_says_why() {
        let only = Listener { v6_only: true, ..listener("[::]:80") };
        for address in [None, Some("::")] {
            let settings = on_80(address);
            let awaited = Awaited::from(&settings);
            let found = awaited.find(std::slice::from_ref(&only));
            assert_eq!(found, Listening::Unreachable(&only));
            let why = awaited.reason(found, "within 2s");
            let expected = "it listens on [::]:80 for IPv6 only (IPV6_V6ONLY), and clients connect";
            assert!(why.starts_with(expected), "{why}");
        }
        assert_eq!(of(None, &["[::ffff:198.18.0.1]:80"]), "[::ffff:198.18.0.1]:80");
        let why = of(None, &["[fd00::1]:80"]);
        assert!(why.starts_with("it listens on [fd00::1]:80, and clients connect over"), "{why}");
        let both = [only, listener("0.0.0.0:80")];
        let reached = Opening::default().find(&both, Instant::now());
        assert_eq!(reached, (Listening::Nowhere, false), "it opens ports");
    }

    #[test]
    fn any_port_is_ready_once_no_further_one_is_opened() {
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        let mut opening = Opening::default();
        let (one, two) = ([listener("0.0.0.0:80")], [listener("0.0.0.0:80"), listener("[::]:81")]);
        assert_eq!(opening.find(&[], after(0)), (Listening::Nowhere, false));
        assert_eq!(opening.find(&one, after(100)), (Listening::Nowhere, false));
        assert_eq!(opening.find(&two, after(350)), (Listening::Nowhere, false));
        assert_eq!(opening.find(&two, after(600)), (Listening::Nowhere, false));
        assert_eq!(opening.find(&two, after(650)), (Listening::Here(&two[0]), false));
    }

    #[test]
    fn a_program_of_loopback_is_given_up() {
        let start = Instant::now();
        let mut opening = Opening::default();
        let local = [listener("127.0.0.1:80")];
        let unreachable = Listening::Unreachable(&local[0]);
        assert_eq!(opening.find(&local, start), (unreachable, false));
        assert_eq!(opening.find(&local, start + REACHABLE_WITHIN), (unreachable, true));
        let any = CommandServer::default();
        let any = Awaited::from(&any);
        let why = any.reason(unreachable, "within 2s");
        assert!(why.starts_with("it listens on 127.0.0.1:80; clients of another host"), "{why}");
        assert_eq!(any.reason(Listening::Nowhere, "x"), "it has not listened on any port x");
    }

    #[test]
    fn every_port_is_awaited_and_the_missing_one_is_named() {
        let settings = on_80(None);
        let all = Awaited::from(&settings).with_ports(&[80, 81]);
        assert_eq!(all.len(), 2);
        let (on_80, on_81) = (listener("0.0.0.0:80"), listener("[::]:81"));
        let both = [on_80, on_81];
        assert_eq!(Awaited::find_all(&all, &both).1, Listening::Here(&both[0]));
        let of = |listeners: &[Listener]| {
            let (missing, found) = Awaited::find_all(&all, listeners);
            missing.reason(found, "within 2s")
        };
        assert_eq!(of(&both[..1]), "it listens on 0.0.0.0:80, not on port 81 (load.destinations)");
        assert_eq!(of(&both[1..]), "it listens on [::]:81, not on port 80 (server.command.port)");
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
