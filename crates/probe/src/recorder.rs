//! Makes a ledger from scans.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;

use linux_net::{DiagError, ServerSocket, SocketDiag, TcpState, monotonic_ns};

use crate::ledger::{Ledger, ScanTime, SeenConnection, Waited};

/// Connections that a ledger keeps.
const MAX_CONNECTIONS: usize = 50_000;

/// Adds scans of a port's sockets to a ledger.
#[derive(Debug)]
pub struct LedgerRecorder {
    ledger: Ledger,
    capacity: usize,
    /// The place of each connection, by its cookie.
    places: HashMap<u64, usize>,
    /// The place of the latest connection between two addresses.
    latest: HashMap<(SocketAddr, SocketAddr), usize>,
    /// Those that were not kept, by their cookie; bounded like the others.
    not_kept: HashSet<u64>,
}

impl Default for LedgerRecorder {
    fn default() -> Self {
        Self::with_capacity(MAX_CONNECTIONS)
    }
}

impl LedgerRecorder {
    fn with_capacity(capacity: usize) -> Self {
        Self {
            ledger: Ledger::default(),
            capacity,
            places: HashMap::new(),
            latest: HashMap::new(),
            not_kept: HashSet::new(),
        }
    }

    /// Scans the sockets of these ports, and adds those that are to be kept. TIME_WAIT is left
    /// out. A scan that fails is counted and shows nothing.
    pub fn scan(
        &mut self,
        diag: &mut SocketDiag,
        ports: &[u16],
        keep: impl Fn(&ServerSocket) -> bool,
    ) {
        let before_ns = monotonic_ns();
        let mut of_ports = ports.iter().map(|port| diag.server_sockets(*port));
        let sockets = of_ports.try_fold(Vec::new(), |mut all, of_port| {
            all.append(&mut of_port?);
            Ok(all)
        });
        self.add_result(before_ns, sockets, keep);
    }

    fn add_result(
        &mut self,
        before_ns: u64,
        sockets: Result<Vec<ServerSocket>, DiagError>,
        keep: impl Fn(&ServerSocket) -> bool,
    ) {
        let scan = ScanTime { before_ns, after_ns: monotonic_ns() };
        match sockets {
            Err(_) => self.ledger.scans.failed += 1,
            Ok(mut sockets) => {
                sockets.retain(keep);
                self.add(scan, &sockets);
            }
        }
    }

    /// Adds a scan.
    pub fn add(&mut self, scan: ScanTime, sockets: &[ServerSocket]) {
        let scans = &mut self.ledger.scans;
        let unseen = scans.last;
        let length_ns = scan.after_ns.saturating_sub(scan.before_ns);
        scans.count += 1;
        scans.first.get_or_insert(scan);
        if let Some(last) = scans.last.replace(scan) {
            let gap_ns = scan.after_ns.saturating_sub(last.before_ns);
            scans.longest_gap_ns = scans.longest_gap_ns.max(gap_ns);
        }
        scans.total_ns += length_ns;
        scans.longest_ns = scans.longest_ns.max(length_ns);
        // A program of the server's host may connect from the port too.
        for socket in sockets.iter().filter(|socket| socket.state != TcpState::SynSent) {
            let place = match self.places.get(&socket.cookie) {
                Some(place) => *place,
                None if self.is_rest_of_known(socket) => continue,
                None => match self.insert(unseen, scan, socket) {
                    Some(place) => place,
                    None => continue,
                },
            };
            let connection = &mut self.ledger.connections[place];
            connection.last = scan;
            if socket.is_accepted() {
                connection.accepted.get_or_insert(scan);
            } else {
                let half_open = socket.state == TcpState::SynRecv;
                let first = connection.waited.map_or(scan, |waited| waited.first);
                connection.waited = Some(Waited { first, last: scan, half_open });
            }
        }
    }

    /// Whether it is what the kernel keeps, under another cookie, of a connection that is
    /// known to be accepted.
    fn is_rest_of_known(&self, socket: &ServerSocket) -> bool {
        matches!(socket.state, TcpState::TimeWait | TcpState::FinWait2)
            && self
                .latest
                .get(&(socket.peer, socket.local))
                .is_some_and(|place| self.ledger.connections[*place].accepted.is_some())
    }

    fn insert(
        &mut self,
        unseen: Option<ScanTime>,
        scan: ScanTime,
        socket: &ServerSocket,
    ) -> Option<usize> {
        let place = self.ledger.connections.len();
        if place >= self.capacity {
            let is_new = self.not_kept.len() < self.capacity && self.not_kept.insert(socket.cookie);
            self.ledger.not_kept += u64::from(is_new);
            return None;
        }
        self.ledger.connections.push(SeenConnection {
            peer: socket.peer,
            local: socket.local,
            unseen,
            first: scan,
            last: scan,
            waited: None,
            accepted: None,
        });
        self.places.insert(socket.cookie, place);
        self.latest.insert((socket.peer, socket.local), place);
        Some(place)
    }

    /// A listener has been closed.
    pub fn listener_closed(&mut self) {
        self.ledger.listener_closed = true;
    }

    /// Whether the last scan had a connection that was not accepted.
    pub fn is_any_waiting(&self) -> bool {
        let last = self.ledger.scans.last;
        let waits = |connection: &SeenConnection| {
            connection.accepted.is_none() && Some(connection.last) == last
        };
        self.ledger.connections.iter().any(waits)
    }

    /// The ledger.
    pub fn finish(self) -> Ledger {
        self.ledger
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: ([u8; 4], u16) = ([127, 0, 0, 1], 8080);

    fn socket(port: u16, state: TcpState, inode: u32, cookie: u64) -> ServerSocket {
        let peer = SocketAddr::from(([127, 0, 0, 1], port));
        ServerSocket { local: SERVER.into(), peer, state, inode, cookie }
    }

    fn at(ns: u64) -> ScanTime {
        ScanTime { before_ns: ns, after_ns: ns + 2 }
    }

    fn recorded(scans: &[(u64, &[ServerSocket])]) -> LedgerRecorder {
        let mut recorder = LedgerRecorder::with_capacity(3);
        scans.iter().for_each(|(ns, sockets)| recorder.add(at(*ns), sockets));
        recorder
    }

    #[test]
    fn an_accept_is_between_two_scans() {
        use TcpState::{Established, SynRecv};
        let recorder = recorded(&[
            (10, &[socket(1, SynRecv, 0, 7)]),
            (20, &[socket(1, Established, 0, 7)]),
            (30, &[socket(1, Established, 5, 7)]),
            (40, &[]),
        ]);
        assert!(!recorder.is_any_waiting());
        let ledger = recorder.finish();
        let [connection] = ledger.connections[..] else { panic!("{ledger:?}") };
        assert_eq!(connection.accepted_between(), (Some(20), Some(32)));
        assert_eq!((connection.first, connection.last), (at(10), at(30)));
        let waited = Waited { first: at(10), last: at(20), half_open: false };
        assert_eq!((connection.waited, connection.unseen), (Some(waited), None));
        let scans = &ledger.scans;
        assert_eq!((scans.count, scans.total_ns, scans.longest_gap_ns), (4, 8, 12));
        assert_eq!((scans.first, scans.last), (Some(at(10)), Some(at(40))));
    }

    #[test]
    fn another_connection_of_the_same_client_is_another() {
        use TcpState::{Established, FinWait2, TimeWait};
        let ledger = recorded(&[
            (10, &[socket(1, Established, 5, 7)]),
            // What is left of an accepted one says nothing new.
            (20, &[socket(1, FinWait2, 0, 8)]),
            (30, &[socket(1, Established, 0, 9)]),
            (40, &[socket(1, TimeWait, 0, 10)]),
        ])
        .finish();
        let seen: Vec<_> =
            ledger.connections.iter().map(|seen| (seen.first, seen.accepted)).collect();
        assert_eq!(
            seen,
            [(at(10), Some(at(10))), (at(30), None), (at(40), Some(at(40)))],
            "the last one belongs to the second or a later one"
        );
    }

    #[test]
    fn a_full_ledger_counts_what_it_does_not_keep() {
        let many: Vec<_> =
            (1..=5).map(|port| socket(port, TcpState::Established, 0, u64::from(port))).collect();
        let recorder = recorded(&[(10, &many), (20, &many)]);
        assert!(recorder.is_any_waiting());
        let ledger = recorder.finish();
        assert_eq!((ledger.connections.len(), ledger.not_kept), (3, 2));
        assert!(ledger.connections.iter().all(|seen| seen.last == at(20)));
    }

    #[test]
    fn a_scan_that_failed_shows_nothing() {
        let mut recorder = recorded(&[(10, &[socket(1, TcpState::Established, 0, 7)])]);
        let failure = std::io::Error::from_raw_os_error(4);
        recorder.add_result(20, Err(DiagError::System(failure)), |_| true);
        assert!(recorder.is_any_waiting(), "as far as the last scan shows");
        assert_eq!(recorder.finish().scans.failed, 1);
    }
}
