//! What the server's sockets showed during a standalone load, and what it means.

use std::collections::HashMap;
use std::net::SocketAddr;

use linux_net::{ServerSocket, TcpState};
use load_generator::{Attempt, Ending};

/// Whether an attempt was accepted, and how far its connection came if not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Acceptance {
    /// accept(2) has taken it.
    Accepted,
    /// It is in the listener's accept queue.
    Queued,
    /// The server has it in SYN_RECV.
    HalfOpen,
    /// Nothing is known.
    Unknown,
}

impl Acceptance {
    /// Whether accept(2) has taken it; `None` if that is not known.
    pub(super) fn is_accepted(self) -> Option<bool> {
        match self {
            Self::Accepted => Some(true),
            Self::Queued | Self::HalfOpen => Some(false),
            Self::Unknown => None,
        }
    }

    fn of(socket: &ServerSocket) -> Self {
        match socket.state {
            _ if socket.is_accepted() => Self::Accepted,
            TcpState::SynRecv => Self::HalfOpen,
            _ => Self::Queued,
        }
    }
}

/// A period in which the socket of a client's connection showed the same.
#[derive(Debug, Clone, Copy)]
struct Sighting {
    first_ns: u64,
    last_ns: u64,
    acceptance: Acceptance,
}

/// The sockets that the server had for each client's address, over time.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    by_peer: HashMap<SocketAddr, Vec<Sighting>>,
    /// CLOCK_MONOTONIC of the last scan, nanoseconds.
    last_scan_ns: u64,
    /// Since before the load, the same listener has been there in each scan.
    pub(super) listener_stayed: bool,
}

impl Sightings {
    /// Sightings at a listener that is there.
    pub(super) fn of_a_listener() -> Self {
        Self { listener_stayed: true, ..Self::default() }
    }

    /// Adds a scan of the server's sockets.
    pub(super) fn add(&mut self, at_ns: u64, sockets: &[ServerSocket]) {
        self.last_scan_ns = at_ns;
        for socket in sockets {
            let acceptance = Acceptance::of(socket);
            let of_peer = self.by_peer.entry(socket.peer).or_default();
            match of_peer.last_mut() {
                Some(last) if last.acceptance == acceptance => last.last_ns = at_ns,
                _ => of_peer.push(Sighting { first_ns: at_ns, last_ns: at_ns, acceptance }),
            }
        }
    }

    /// Whether the last scan had a connection that was not accepted.
    pub(super) fn is_any_waiting(&self) -> bool {
        self.by_peer.values().filter_map(|sightings| sightings.last()).any(|last| {
            last.last_ns == self.last_scan_ns && last.acceptance.is_accepted() == Some(false)
        })
    }

    /// What each attempt's connection came to.
    pub(super) fn acceptances(&self, attempts: &[Attempt]) -> Vec<Acceptance> {
        // A later attempt may have the same address.
        let mut later_ns: HashMap<SocketAddr, u64> = HashMap::new();
        let mut acceptances: Vec<_> = attempts
            .iter()
            .rev()
            .map(|attempt| {
                let Some(local) = attempt.local else { return Acceptance::Unknown };
                let local = SocketAddr::new(local.ip().to_canonical(), local.port());
                let until_ns = later_ns.insert(local, attempt.start_ns).unwrap_or(u64::MAX);
                self.acceptance(attempt, local, until_ns)
            })
            .collect();
        acceptances.reverse();
        acceptances
    }

    fn acceptance(&self, attempt: &Attempt, local: SocketAddr, until_ns: u64) -> Acceptance {
        if attempt.answered {
            return Acceptance::Accepted;
        }
        let its_own = |sighting: &&Sighting| {
            sighting.first_ns >= attempt.start_ns && sighting.last_ns < until_ns
        };
        let sightings = self.by_peer.get(&local).map_or(&[][..], Vec::as_slice);
        let mut last = None;
        for sighting in sightings.iter().filter(its_own) {
            if sighting.acceptance == Acceptance::Accepted {
                return Acceptance::Accepted;
            }
            last = Some(sighting);
        }
        match last {
            None => Acceptance::Unknown,
            Some(last) if last.last_ns == self.last_scan_ns => last.acceptance,
            // A queued connection stays, whatever its client does but an RST, until it is
            // accepted or its listener is closed.
            Some(last)
                if last.acceptance == Acceptance::Queued
                    && self.listener_stayed
                    && attempt.ending != Ending::Reset =>
            {
                Acceptance::Accepted
            }
            Some(_) => Acceptance::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: ([u8; 4], u16) = ([127, 0, 0, 1], 8080);

    fn socket(port: u16, state: TcpState, inode: u32) -> ServerSocket {
        let peer = SocketAddr::from(([127, 0, 0, 1], port));
        ServerSocket { local: SERVER.into(), peer, state, inode }
    }

    fn attempt(port: u16, start_ns: u64) -> Attempt {
        Attempt {
            index: 0,
            local: Some(([127, 0, 0, 1], port).into()),
            start_ns,
            connect_ns: Some(1),
            end_ns: start_ns + 100,
            syn_retransmits: Some(0),
            ending: Ending::Finished,
            ended_by: None,
            errno: None,
            messages_written: 0,
            deliveries: 0,
            answered: false,
        }
    }

    fn seen(listener_stayed: bool, scans: &[(u64, &[ServerSocket])]) -> Sightings {
        let mut sightings = Sightings { listener_stayed, ..Sightings::default() };
        scans.iter().for_each(|(at_ns, sockets)| sightings.add(*at_ns, sockets));
        sightings
    }

    #[test]
    fn a_socket_without_a_file_is_queued_until_it_is_gone() {
        use TcpState::{CloseWait, Established};
        let first = [socket(1, Established, 0), socket(2, Established, 0), socket(3, CloseWait, 7)];
        let second = [socket(1, CloseWait, 0)];
        let attempts = [attempt(1, 0), attempt(2, 0), attempt(3, 0), attempt(4, 0)];
        let sightings = seen(true, &[(10, &first), (20, &second)]);
        use Acceptance::{Accepted, Queued, Unknown};
        assert_eq!(sightings.acceptances(&attempts), [Queued, Accepted, Accepted, Unknown]);
        assert!(sightings.is_any_waiting());
        // What closing the listener did to it is not known.
        let sightings = seen(false, &[(10, &first), (20, &second)]);
        assert_eq!(sightings.acceptances(&attempts), [Queued, Unknown, Accepted, Unknown]);
    }

    #[test]
    fn a_request_is_half_open_only_while_it_is_there() {
        let request = [socket(1, TcpState::SynRecv, 0)];
        let here = seen(true, &[(10, &request)]);
        assert_eq!(here.acceptances(&[attempt(1, 0)]), [Acceptance::HalfOpen]);
        let gone = seen(true, &[(10, &request), (20, &[])]);
        assert_eq!(gone.acceptances(&[attempt(1, 0)]), [Acceptance::Unknown]);
        assert!(!gone.is_any_waiting());
    }

    #[test]
    fn attempts_with_the_same_port_are_distinguished_by_time() {
        let accepted = [socket(1, TcpState::Established, 9)];
        let queued = [socket(1, TcpState::Established, 0)];
        let sightings = seen(true, &[(10, &accepted), (110, &queued)]);
        let attempts = [attempt(1, 5), attempt(1, 100), attempt(1, 200)];
        use Acceptance::{Accepted, Queued, Unknown};
        assert_eq!(sightings.acceptances(&attempts), [Accepted, Queued, Unknown]);
    }

    #[test]
    fn an_answer_proves_an_accept_that_no_scan_saw() {
        let answered = Attempt { answered: true, ..attempt(1, 0) };
        let sightings = Sightings::default();
        assert_eq!(sightings.acceptances(&[answered]), [Acceptance::Accepted]);
    }
}
