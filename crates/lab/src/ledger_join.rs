//! Joins the client's attempts with the kernel's ledger: which of them were accepted, where
//! the server does not say.

use std::collections::HashMap;
use std::net::SocketAddr;

use load_generator::{Attempt, Ending};
use probe::{Ledger, SeenConnection};

use crate::connected_address::connected_address;

/// Whether an attempt was accepted, and how far its connection came if not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acceptance {
    /// accept(2) has taken it.
    Accepted,
    /// It was in the listener's accept queue at the end.
    Queued,
    /// The server had it in SYN_RECV at the end.
    HalfOpen,
    /// Nothing is known.
    Unknown,
}

impl Acceptance {
    /// Whether accept(2) has taken it; `None` if that is not known.
    pub(crate) fn is_accepted(self) -> Option<bool> {
        match self {
            Self::Accepted => Some(true),
            Self::Queued | Self::HalfOpen => Some(false),
            Self::Unknown => None,
        }
    }
}

/// What the ledger says about one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) acceptance: Acceptance,
    /// CLOCK_MONOTONIC of the latest time at which it certainly was not accepted,
    /// nanoseconds; `None` if no scan showed it waiting.
    pub(crate) not_accepted_ns: Option<u64>,
    /// When a scan had first shown it accepted; `None` if none did.
    pub(crate) accepted_by_ns: Option<u64>,
}

const UNKNOWN: Known =
    Known { acceptance: Acceptance::Unknown, not_accepted_ns: None, accepted_by_ns: None };

/// The client's address of a connection and, if the load has several destinations, the server's:
/// connections to different ones may have the same local port.
type Ends = (SocketAddr, Option<SocketAddr>);

fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// What the ledger says about each attempt.
pub(crate) fn join(attempts: &[Attempt], ledger: &Ledger) -> Vec<Known> {
    let mut known = vec![UNKNOWN; attempts.len()];
    let mut positions: HashMap<Ends, Vec<usize>> = HashMap::new();
    for (position, attempt) in attempts.iter().enumerate() {
        if let Some(local) = attempt.local {
            let destination = attempt.destination.map(connected_address);
            positions.entry((canonical(local), destination)).or_default().push(position);
        }
    }
    let mut is_established = vec![false; attempts.len()];
    for connection in &ledger.connections {
        // Attempts without a destination all went to the same address.
        let ends = [Some(connection.local), None].map(|local| (connection.peer, local));
        let of_peer = ends.iter().find_map(|ends| positions.get(ends));
        let of_peer = of_peer.map_or(&[][..], Vec::as_slice);
        let Some(position) = owner(attempts, of_peer, &is_established, connection) else {
            continue;
        };
        let is_last = of_peer.last() == Some(&position);
        let now = acceptance(ledger, connection, &attempts[position], is_last);
        let waited = connection.waited;
        is_established[position] |=
            connection.accepted.is_some() || waited.is_some_and(|waited| !waited.half_open);
        let known = &mut known[position];
        // A request that has expired leaves another one to a later SYN.
        if known.acceptance != Acceptance::Accepted {
            known.acceptance = now;
        }
        let (not_accepted_ns, accepted_by_ns) = connection.accepted_between();
        known.not_accepted_ns = known.not_accepted_ns.max(not_accepted_ns);
        known.accepted_by_ns = known.accepted_by_ns.or(accepted_by_ns);
    }
    for (known, attempt) in known.iter_mut().zip(attempts) {
        // The server has sent data.
        if attempt.answered {
            known.acceptance = Acceptance::Accepted;
        }
    }
    known
}

/// The attempt whose connection this is: the only one of its client's address that can have
/// made it. One that had ended before the scan that did not show it cannot, and none has two
/// established connections.
fn owner(
    attempts: &[Attempt],
    of_peer: &[usize],
    is_established: &[bool],
    connection: &SeenConnection,
) -> Option<usize> {
    let absent_ns = connection.unseen.map_or(0, |scan| scan.before_ns);
    let can_be = |position: &&usize| {
        let attempt = &attempts[**position];
        attempt.start_ns <= connection.first.after_ns
            && attempt.end_ns >= absent_ns
            && !is_established[**position]
    };
    let mut possible = of_peer.iter().filter(can_be);
    let only = possible.next().copied();
    only.filter(|_| possible.next().is_none())
}

fn acceptance(
    ledger: &Ledger,
    connection: &SeenConnection,
    attempt: &Attempt,
    is_last: bool,
) -> Acceptance {
    if connection.accepted.is_some() {
        return Acceptance::Accepted;
    }
    let Some(waited) = connection.waited else { return Acceptance::Unknown };
    let is_there = Some(connection.last) == ledger.scans.last;
    match (is_there, waited.half_open) {
        (true, true) => Acceptance::HalfOpen,
        (true, false) => Acceptance::Queued,
        // A queued connection stays, whatever its client does but an RST, until it is
        // accepted or its listener is closed. A later SYN from its address ends in an RST.
        (false, false) if !ledger.listener_closed && is_last && attempt.ending != Ending::Reset => {
            Acceptance::Accepted
        }
        (false, _) => Acceptance::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use linux_net::{ServerSocket, TcpState};
    use probe::{LedgerRecorder, ScanTime};

    use super::*;

    const SERVER: ([u8; 4], u16) = ([127, 0, 0, 1], 8080);

    /// A socket whose cookie is 100 times its port, and more for a later connection.
    fn socket(port: u16, state: TcpState, inode: u32, later: u64) -> ServerSocket {
        let peer = SocketAddr::from(([127, 0, 0, 1], port));
        let cookie = u64::from(port) * 100 + later;
        ServerSocket { local: SERVER.into(), peer, state, inode, cookie }
    }

    fn attempt(port: u16, start_ns: u64) -> Attempt {
        Attempt {
            index: 0,
            local: Some(([127, 0, 0, 1], port).into()),
            start_ns,
            connect_ns: Some(1),
            end_ns: start_ns + 50,
            syn_retransmits: Some(0),
            ending: Ending::Finished,
            ended_by: None,
            errno: None,
            messages_written: 0,
            deliveries: 0,
            answers: 0,
            answered: false,
            destination: None,
        }
    }

    fn ledger(listener_closed: bool, scans: &[(u64, &[ServerSocket])]) -> Ledger {
        let mut recorder = LedgerRecorder::default();
        for (ns, sockets) in scans {
            recorder.add(ScanTime { before_ns: ns - 1, after_ns: *ns }, sockets);
        }
        if listener_closed {
            recorder.listener_closed();
        }
        recorder.finish()
    }

    fn acceptances(ledger: &Ledger, attempts: &[Attempt]) -> Vec<Acceptance> {
        join(attempts, ledger).iter().map(|known| known.acceptance).collect()
    }

    use Acceptance::{Accepted, HalfOpen, Queued, Unknown};
    use TcpState::{CloseWait, Established, SynRecv, TimeWait};

    #[test]
    fn a_socket_without_a_file_is_queued_until_it_is_gone() {
        let first = [
            socket(1, Established, 0, 0),
            socket(2, Established, 0, 0),
            socket(3, CloseWait, 7, 0),
        ];
        let second = [socket(1, CloseWait, 0, 0)];
        let scans: &[(u64, &[ServerSocket])] = &[(10, &first), (20, &second)];
        let attempts = [attempt(1, 0), attempt(2, 0), attempt(3, 0), attempt(4, 0)];
        let stayed = ledger(false, scans);
        assert_eq!(acceptances(&stayed, &attempts), [Queued, Accepted, Accepted, Unknown]);
        let waited: Vec<_> =
            join(&attempts, &stayed).iter().map(|known| known.not_accepted_ns).collect();
        assert_eq!(waited, [Some(19), Some(9), None, None]);
        let accepted_by: Vec<_> =
            join(&attempts, &stayed).iter().map(|known| known.accepted_by_ns).collect();
        assert_eq!(accepted_by, [None, None, Some(10), None]);
        // What closing the listener did to it is not known.
        assert_eq!(
            acceptances(&ledger(true, scans), &attempts),
            [Queued, Unknown, Accepted, Unknown]
        );
        let reset = Attempt { ending: Ending::Reset, ..attempt(2, 0) };
        assert_eq!(acceptances(&stayed, &[reset]), [Unknown]);
        // A later SYN from the same address may have reset it.
        assert_eq!(acceptances(&stayed, &[attempt(2, 0), attempt(2, 15)])[0], Unknown);
    }

    #[test]
    fn a_request_is_half_open_only_while_it_is_there() {
        let request = [socket(1, SynRecv, 0, 0)];
        assert_eq!(acceptances(&ledger(false, &[(10, &request)]), &[attempt(1, 0)]), [HalfOpen]);
        let gone = ledger(false, &[(10, &request), (20, &[])]);
        assert_eq!(acceptances(&gone, &[attempt(1, 0)]), [Unknown]);
        // It has expired, and a later SYN was accepted.
        let later =
            ledger(false, &[(10, &request), (20, &[]), (30, &[socket(1, Established, 4, 1)])]);
        assert_eq!(acceptances(&later, &[attempt(1, 0)]), [Accepted]);
    }

    #[test]
    fn attempts_with_the_same_port_are_distinguished_by_time() {
        let accepted = [socket(1, Established, 9, 0)];
        let queued = [socket(1, Established, 0, 1)];
        let ledger = ledger(false, &[(10, &accepted), (110, &queued)]);
        let attempts = [attempt(1, 5), attempt(1, 100), attempt(1, 200)];
        assert_eq!(acceptances(&ledger, &attempts), [Accepted, Queued, Unknown]);
        // The first one may have been seen only after its end.
        let scans: &[(u64, &[ServerSocket])] = &[(10, &[]), (110, &[socket(1, TimeWait, 0, 0)])];
        let ledger = self::ledger(false, scans);
        assert_eq!(acceptances(&ledger, &[attempt(1, 5), attempt(1, 100)]), [Unknown, Unknown]);
        assert_eq!(acceptances(&ledger, &[attempt(1, 5)]), [Accepted]);
        assert_eq!(acceptances(&ledger, &[attempt(1, 200)]), [Unknown], "it is older");
    }

    #[test]
    fn connections_from_one_port_to_two_destinations_are_distinguished() {
        let other: SocketAddr = ([127, 0, 0, 1], 8081).into();
        let queued = ServerSocket { local: other, cookie: 7, ..socket(1, Established, 0, 0) };
        let ledger = ledger(false, &[(10, &[socket(1, Established, 9, 0), queued])]);
        let to = |destination| Attempt { destination: Some(destination), ..attempt(1, 0) };
        let attempts = [to(SERVER.into()), to(other)];
        assert_eq!(acceptances(&ledger, &attempts), [Accepted, Queued]);
        let elsewhere = [to(([127, 0, 0, 1], 8082).into())];
        assert_eq!(acceptances(&ledger, &elsewhere), [Unknown]);
        // connect(2) to the unspecified address goes to loopback.
        assert_eq!(acceptances(&ledger, &[to(([0, 0, 0, 0], 8081).into())]), [Queued]);
    }

    #[test]
    fn an_answer_proves_an_accept_that_no_scan_saw() {
        let answered = Attempt { answered: true, ..attempt(1, 0) };
        assert_eq!(acceptances(&Ledger::default(), &[answered]), [Accepted]);
    }
}
