//! A walk of all sockets of a namespace.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;

use linux_net::{AddressFamily, DiagError, ServerSocket, SocketDiag, TcpState};
use watch_record::PortUsage;

/// Destinations whose ports are counted; further ones are left out.
const MAX_DESTINATIONS: usize = 100_000;

/// Connections of the selected listener that are kept.
const MAX_LISTED: usize = 2_000;

/// What a walk looks for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sought {
    /// The addresses of the listeners.
    pub(crate) listeners: HashSet<SocketAddr>,
    /// Of these, those on `[::]` that take no connections over IPv4.
    pub(crate) v6_only: HashSet<SocketAddr>,
    /// The address whose connections are listed.
    pub(crate) selected: Option<SocketAddr>,
    /// The ports that the kernel chooses for clients.
    pub(crate) client_ports: Option<RangeInclusive<u16>>,
}

impl Sought {
    /// The listener's address to which a connection with this local address belongs.
    fn listener_of(&self, local: SocketAddr) -> Option<SocketAddr> {
        let any_v4 = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), local.port());
        let any_v6 = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), local.port());
        let candidates = match local.ip() {
            IpAddr::V4(v4) => {
                let mapped = SocketAddr::new(v4.to_ipv6_mapped().into(), local.port());
                let any_v6 = (!self.v6_only.contains(&any_v6)).then_some(any_v6);
                [Some(local), Some(mapped), Some(any_v4), any_v6]
            }
            IpAddr::V6(_) => [Some(local), Some(any_v6), None, None],
        };
        candidates.into_iter().flatten().find(|address| self.listeners.contains(address))
    }
}

/// The connections of an address.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) syn_recv: u32,
    /// ESTABLISHED or CLOSE_WAIT, without a file.
    pub(crate) not_accepted: Vec<ServerSocket>,
    pub(crate) established: u32,
    /// Accepted or not.
    pub(crate) close_wait: u32,
    pub(crate) close_wait_not_accepted: u32,
    pub(crate) time_wait: u32,
    pub(crate) closing: u32,
    /// Cookies of those that are accepted and not in TIME_WAIT.
    pub(crate) accepted: Vec<u64>,
}

impl Tally {
    fn add(&mut self, socket: &ServerSocket) {
        let is_accepted = socket.is_accepted();
        match socket.state {
            TcpState::SynRecv => self.syn_recv += 1,
            TcpState::TimeWait => self.time_wait += 1,
            TcpState::Established if is_accepted => self.established += 1,
            TcpState::CloseWait => {
                self.close_wait += 1;
                self.close_wait_not_accepted += u32::from(!is_accepted);
            }
            TcpState::Established => {}
            _ => self.closing += 1,
        }
        match socket.state {
            // FIN_WAIT_2 may be without a socket, with a cookie of its own.
            TcpState::TimeWait | TcpState::SynRecv | TcpState::FinWait2 => {}
            _ if is_accepted => self.accepted.push(socket.cookie),
            _ => self.not_accepted.push(*socket),
        }
    }
}

/// Ports that connections from one address to one destination have.
#[derive(Debug, Clone, Copy, Default)]
struct Ports {
    all: u32,
    in_time_wait: u32,
}

/// What a walk found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Walk {
    pub(crate) tallies: HashMap<SocketAddr, Tally>,
    /// By destination and local address.
    outgoing: HashMap<(SocketAddr, IpAddr), Ports>,
    /// Connections of the selected address, and how many more it has.
    pub(crate) listed: Vec<ServerSocket>,
    pub(crate) omitted: u32,
    /// All sockets.
    pub(crate) sockets: u64,
}

impl Walk {
    /// Walks both address families.
    ///
    /// # Errors
    /// If the kernel does not list them.
    pub(crate) fn new(diag: &mut SocketDiag, sought: &Sought) -> Result<Self, DiagError> {
        let mut all = Self::default();
        for family in [AddressFamily::V4, AddressFamily::V6] {
            let found = diag.fold_connections(family, |walk: &mut Self, socket| {
                walk.add(&socket, sought);
            })?;
            all.merge(found);
        }
        Ok(all)
    }

    fn add(&mut self, socket: &ServerSocket, sought: &Sought) {
        self.sockets += 1;
        let Some(address) = sought.listener_of(socket.local) else {
            return self.add_outgoing(socket, sought);
        };
        self.tallies.entry(address).or_default().add(socket);
        if sought.selected == Some(address) {
            match self.listed.len() < MAX_LISTED {
                true => self.listed.push(*socket),
                false => self.omitted += 1,
            }
        }
    }

    fn add_outgoing(&mut self, socket: &ServerSocket, sought: &Sought) {
        let is_in_range =
            sought.client_ports.as_ref().is_some_and(|range| range.contains(&socket.local.port()));
        let key = (socket.peer, socket.local.ip());
        let has_room = self.outgoing.len() < MAX_DESTINATIONS || self.outgoing.contains_key(&key);
        if is_in_range && has_room {
            let ports = self.outgoing.entry(key).or_default();
            ports.all += 1;
            ports.in_time_wait += u32::from(socket.state == TcpState::TimeWait);
        }
    }

    fn merge(&mut self, other: Self) {
        for (address, tally) in other.tallies {
            let into = self.tallies.entry(address).or_default();
            into.syn_recv += tally.syn_recv;
            into.not_accepted.extend(tally.not_accepted);
            into.established += tally.established;
            into.close_wait += tally.close_wait;
            into.close_wait_not_accepted += tally.close_wait_not_accepted;
            into.time_wait += tally.time_wait;
            into.closing += tally.closing;
            into.accepted.extend(tally.accepted);
        }
        for (key, ports) in other.outgoing {
            let into = self.outgoing.entry(key).or_default();
            into.all += ports.all;
            into.in_time_wait += ports.in_time_wait;
        }
        self.listed.extend(other.listed);
        self.omitted += other.omitted;
        self.sockets += other.sockets;
    }

    /// The destination towards which one local address uses most ports.
    pub(crate) fn busiest_destination(&self, range: &RangeInclusive<u16>) -> Option<PortUsage> {
        let busiest = self.outgoing.iter().max_by_key(|(key, ports)| (ports.all, **key))?;
        let ((destination, _), ports) = busiest;
        Some(PortUsage {
            destination: *destination,
            ports: ports.all,
            in_time_wait: ports.in_time_wait,
            range: u32::from(*range.end()) + 1 - u32::from(*range.start()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(local: &str, peer: &str, state: TcpState, inode: u32) -> ServerSocket {
        let cookie = u64::from(inode) + 1_000;
        let [local, peer] = [local, peer].map(|address| address.parse().unwrap());
        ServerSocket { local, peer, state, inode, cookie }
    }

    fn walk(listeners: &[&str], sockets: &[ServerSocket]) -> Walk {
        let sought = Sought {
            listeners: listeners.iter().map(|address| address.parse().unwrap()).collect(),
            v6_only: HashSet::from(["[::]:83".parse().unwrap()]),
            selected: Some("10.0.0.1:80".parse().unwrap()),
            client_ports: Some(30_000..=30_009),
        };
        let mut walk = Walk::default();
        sockets.iter().for_each(|socket| walk.add(socket, &sought));
        walk
    }

    #[test]
    fn a_connection_belongs_to_the_most_specific_listener() {
        use TcpState::Established;
        let connection = |local| socket(local, "10.9.9.9:5", Established, 3);
        let listeners = ["10.0.0.1:80", "0.0.0.0:80", "[::]:80", "[::]:81", "[::]:83"];
        let walk = walk(
            &listeners,
            &[
                connection("10.0.0.1:80"),
                connection("10.0.0.2:80"),
                connection("[fd00::1]:80"),
                connection("10.0.0.2:81"),
                connection("10.0.0.1:82"),
                connection("10.0.0.1:83"),
            ],
        );
        for (address, connections) in listeners.into_iter().zip([1, 1, 1, 1, 0]) {
            let address: SocketAddr = address.parse().unwrap();
            let found = walk.tallies.get(&address).map_or(0, |tally| tally.established);
            assert_eq!(found, connections, "{address}");
        }
        assert_eq!((walk.tallies.len(), walk.listed.len(), walk.sockets), (4, 1, 6));
    }

    #[test]
    fn states_are_counted_and_what_has_no_file_is_not_accepted() {
        use TcpState::{CloseWait, Established, FinWait1, LastAck, SynRecv, TimeWait};
        let states = [
            (SynRecv, 0),
            (Established, 0),
            (Established, 7),
            (CloseWait, 0),
            (CloseWait, 8),
            (TimeWait, 0),
            (LastAck, 0),
            (FinWait1, 9),
        ];
        let sockets: Vec<_> = states
            .iter()
            .map(|&(state, inode)| socket("10.0.0.1:80", "10.9.9.9:5", state, inode))
            .collect();
        let walk = walk(&["10.0.0.1:80"], &sockets);
        let tally = walk.tallies.values().next().unwrap();
        assert_eq!(
            (tally.syn_recv, tally.established, tally.close_wait, tally.close_wait_not_accepted),
            (1, 1, 2, 1)
        );
        assert_eq!((tally.time_wait, tally.closing, tally.not_accepted.len()), (1, 2, 2));
        assert_eq!(tally.accepted.len(), 4);
    }

    #[test]
    fn ports_of_clients_are_counted_for_each_destination_and_local_address() {
        use TcpState::{Established, TimeWait};
        let to = |local, peer, state| socket(local, peer, state, 1);
        let walk = walk(
            &["10.0.0.1:80"],
            &[
                to("10.0.0.1:30000", "10.0.0.7:443", Established),
                to("10.0.0.1:30001", "10.0.0.7:443", TimeWait),
                to("10.0.0.2:30000", "10.0.0.7:443", Established),
                to("10.0.0.1:30000", "10.0.0.8:443", Established),
                // Not a port that the kernel chose.
                to("10.0.0.1:20000", "10.0.0.7:443", Established),
            ],
        );
        let busiest = walk.busiest_destination(&(30_000..=30_009)).unwrap();
        assert_eq!(busiest.destination, "10.0.0.7:443".parse().unwrap());
        assert_eq!((busiest.ports, busiest.in_time_wait, busiest.range), (2, 1, 10));
        assert!(Walk::default().busiest_destination(&(1..=2)).is_none());
    }
}
