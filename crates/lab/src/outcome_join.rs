//! Joins the client's attempts with the server's accepted connections: the outcome
//! of each attempt.
//!
//! The client cannot distinguish an accepted connection from a phantom, and the server
//! never observes failed attempts. Joined by address and port, on one clock, each attempt
//! gets exactly one outcome.

use std::collections::HashMap;
use std::net::SocketAddr;

use chat_server::AcceptedConnection;
use load_generator::{Attempt, Ending};
use run_record::{AttemptRow, Outcome};

use crate::ledger_join::Known;

/// A dying process closes its sockets a little before its exit can be noticed:
/// failures within this time before the notice are caused by the exit.
const EXIT_NOTICE_NS: u64 = 200_000_000;

/// The server's side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ServerConnections<'a> {
    /// Every connection that it accepted; `None` if it died without announcing them, and
    /// for a standalone load.
    pub(crate) accepted: Option<&'a [AcceptedConnection]>,
    /// CLOCK_MONOTONIC when its exit was noticed, nanoseconds.
    pub(crate) died_ns: Option<u64>,
    /// What the kernel showed of each attempt; empty if nothing was observed.
    pub(crate) observed: &'a [Known],
}

impl ServerConnections<'_> {
    /// Whether an attempt was accepted; `None` if that is not known.
    fn is_accepted(&self, position: usize, attempt: &Attempt, at_ns: Option<u64>) -> Option<bool> {
        match self.accepted {
            Some(_) => Some(at_ns.is_some()),
            None if attempt.answered => Some(true),
            None => self.observed.get(position)?.acceptance.is_accepted(),
        }
    }
}

/// The joined attempts.
#[derive(Debug)]
pub(crate) struct Joined {
    /// A row for each attempt, in order of `index`.
    pub(crate) rows: Vec<AttemptRow>,
    /// Accepted connections that belong to no attempt.
    pub(crate) unmatched: Vec<UnmatchedConnection>,
}

/// An accepted connection that belongs to no attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnmatchedConnection {
    pub(crate) peer: SocketAddr,
    /// The attempt of an earlier connection from the same address.
    pub(crate) follows_attempt: Option<u32>,
}

/// Joins the attempts with the server's connections.
pub(crate) fn join(attempts: &[Attempt], server: ServerConnections<'_>) -> Joined {
    let mut accepted_ns = vec![None; attempts.len()];
    let mut unmatched = Vec::new();
    if let Some(accepted) = server.accepted {
        let mut by_address: HashMap<SocketAddr, Vec<usize>> = HashMap::new();
        for (position, attempt) in attempts.iter().enumerate() {
            if let Some(local) = attempt.local {
                by_address.entry(canonical(local)).or_default().push(position);
            }
        }
        for connection in accepted {
            let peer = canonical(connection.peer);
            // A later attempt can use the same port: the connection belongs to the
            // latest attempt that had started by then.
            let owner = by_address.get(&peer).and_then(|positions| {
                let has_started = |&&p: &&usize| attempts[p].start_ns <= connection.at_ns;
                positions
                    .iter()
                    .rev()
                    .find(|p| has_started(p) && accepted_ns[**p].is_none())
                    .copied()
            });
            if let Some(position) = owner {
                accepted_ns[position] = Some(connection.at_ns);
                continue;
            }
            let earlier = by_address.get(&peer).and_then(|positions| {
                positions.iter().rev().find(|position| accepted_ns[**position].is_some())
            });
            unmatched.push(UnmatchedConnection {
                peer: connection.peer,
                follows_attempt: earlier.map(|position| attempts[*position].index),
            });
        }
    }
    let rows = attempts
        .iter()
        .zip(accepted_ns)
        .enumerate()
        .map(|(position, (attempt, accepted_ns))| AttemptRow {
            index: attempt.index,
            local: attempt.local.map(|local| local.to_string()).unwrap_or_default(),
            outcome: outcome(
                attempt,
                server.is_accepted(position, attempt, accepted_ns),
                server.died_ns,
            ),
            start_ns: attempt.start_ns,
            connect_ns: attempt.connect_ns,
            accepted_ns,
            end_ns: attempt.end_ns,
            syn_retransmits: attempt.syn_retransmits,
            errno: attempt.errno,
            messages_written: attempt.messages_written,
            deliveries: attempt.deliveries,
            ended_by: attempt.ended_by,
            answers: attempt.answers,
            not_accepted_ns: server.observed.get(position).and_then(|known| known.not_accepted_ns),
            accepted_by_ns: server.observed.get(position).and_then(|known| known.accepted_by_ns),
            destination: attempt.destination,
        })
        .collect();
    Joined { rows, unmatched }
}

/// A socket of IPv6 names a peer over IPv4 by a mapped address, `::ffff:a.b.c.d`.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

fn outcome(attempt: &Attempt, is_accepted: Option<bool>, died_ns: Option<u64>) -> Outcome {
    let by_exit = died_ns.is_some_and(|died| attempt.end_ns + EXIT_NOTICE_NS >= died);
    match (attempt.ending, is_accepted) {
        (Ending::NoPort, _) => Outcome::NoPort,
        (Ending::SelfConnected, _) => Outcome::SelfConnected,
        (Ending::Finished, Some(true)) => Outcome::Ok,
        (Ending::Finished, Some(false)) => Outcome::Phantom,
        (Ending::Finished, None) => Outcome::Unconfirmed,
        (_, _) if by_exit => Outcome::ServerDown,
        (Ending::Refused, _) => Outcome::Refused,
        (Ending::Reset, _) => Outcome::Reset,
        // Accepted by the server while the client gave up.
        (Ending::TimedOut, Some(true)) => Outcome::Incomplete,
        (Ending::TimedOut, _) => Outcome::TimedOut,
        (Ending::Unfinished | Ending::ClosedByServer, Some(true)) => Outcome::Incomplete,
        (Ending::Unfinished | Ending::ClosedByServer, Some(false)) => Outcome::Phantom,
        (Ending::Unfinished | Ending::ClosedByServer, None) => Outcome::Unconfirmed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(index: u32, port: u16, start_ns: u64, ending: Ending) -> Attempt {
        Attempt {
            index,
            local: Some(SocketAddr::from(([198, 18, 1, 1], port))),
            start_ns,
            connect_ns: Some(10),
            end_ns: start_ns + 1_000,
            syn_retransmits: Some(0),
            ending,
            ended_by: None,
            errno: None,
            messages_written: 0,
            deliveries: 0,
            answers: 0,
            answered: false,
            destination: None,
        }
    }

    fn accepted(port: u16, at_ns: u64) -> AcceptedConnection {
        AcceptedConnection { peer: SocketAddr::from(([198, 18, 1, 1], port)), at_ns }
    }

    fn alive(accepted: &[AcceptedConnection]) -> ServerConnections<'_> {
        ServerConnections { accepted: Some(accepted), died_ns: None, observed: &[] }
    }

    fn outcomes(joined: &Joined) -> Vec<Outcome> {
        joined.rows.iter().map(|row| row.outcome).collect()
    }

    #[test]
    fn a_connection_that_the_server_never_accepted_is_a_phantom() {
        let attempts = [
            attempt(0, 1000, 0, Ending::Finished),
            attempt(1, 1001, 0, Ending::Unfinished),
            attempt(2, 1002, 0, Ending::Unfinished),
            attempt(3, 1003, 0, Ending::Finished),
        ];
        let connections = [accepted(1000, 5), accepted(1001, 6)];
        let joined = join(&attempts, alive(&connections));
        assert_eq!(
            outcomes(&joined),
            [Outcome::Ok, Outcome::Incomplete, Outcome::Phantom, Outcome::Phantom]
        );
        assert!(joined.unmatched.is_empty());
    }

    #[test]
    fn a_peer_over_ipv4_of_a_listener_of_ipv6_is_its_attempt() {
        let mapped =
            AcceptedConnection { peer: "[::ffff:198.18.1.1]:7".parse().unwrap(), at_ns: 5 };
        let joined = join(&[attempt(0, 7, 0, Ending::Finished)], alive(&[mapped]));
        assert_eq!(outcomes(&joined), [Outcome::Ok]);
        assert!(joined.unmatched.is_empty());
    }

    #[test]
    fn a_timed_out_attempt_that_was_accepted_is_incomplete() {
        let attempts = [attempt(0, 1, 0, Ending::TimedOut), attempt(1, 2, 0, Ending::TimedOut)];
        let joined = join(&attempts, alive(&[accepted(2, 900)]));
        assert_eq!(outcomes(&joined), [Outcome::TimedOut, Outcome::Incomplete]);
    }

    #[test]
    fn a_port_used_twice_is_joined_by_time() {
        let attempts = [attempt(0, 7, 0, Ending::TimedOut), attempt(1, 7, 5_000, Ending::Finished)];
        let joined = join(&attempts, alive(&[accepted(7, 6_000)]));
        assert_eq!(outcomes(&joined), [Outcome::TimedOut, Outcome::Ok]);
    }

    #[test]
    fn a_connection_without_an_attempt_is_unmatched() {
        let connections = [accepted(7, 99), accepted(8, 150)];
        let joined = join(&[attempt(0, 7, 100, Ending::Finished)], alive(&connections));
        assert_eq!(joined.unmatched.len(), 2, "one too early, one of an unknown port");
        assert!(joined.unmatched.iter().all(|connection| connection.follows_attempt.is_none()));
        assert_eq!(outcomes(&joined), [Outcome::Phantom]);
    }

    #[test]
    fn a_second_connection_of_an_attempt_is_unmatched_and_follows_it() {
        let attempts = [attempt(3, 7, 0, Ending::Finished), attempt(4, 8, 0, Ending::Finished)];
        let joined = join(&attempts, alive(&[accepted(7, 5), accepted(8, 6), accepted(8, 900)]));
        let peer = accepted(8, 0).peer;
        assert_eq!(joined.unmatched, [UnmatchedConnection { peer, follows_attempt: Some(4) }]);
        assert_eq!(outcomes(&joined), [Outcome::Ok, Outcome::Ok]);
    }

    #[test]
    fn failures_after_the_death_of_the_server_are_server_down() {
        let died_ns = 10_000_000_000;
        let late = |index, ending| attempt(index, index as u16, died_ns, ending);
        let early = |index, ending| attempt(index, index as u16, 1, ending);
        let attempts = [
            early(0, Ending::Finished),
            early(1, Ending::TimedOut),
            late(2, Ending::Refused),
            late(3, Ending::Reset),
            late(4, Ending::ClosedByServer),
            late(5, Ending::NoPort),
        ];
        let answered = Attempt { answered: true, ..early(6, Ending::Finished) };
        let attempts = [&attempts[..], &[answered]].concat();
        let lost = ServerConnections { accepted: None, died_ns: Some(died_ns), observed: &[] };
        let expected = [
            Outcome::Unconfirmed,
            Outcome::TimedOut,
            Outcome::ServerDown,
            Outcome::ServerDown,
            Outcome::ServerDown,
            Outcome::NoPort,
            Outcome::Ok,
        ];
        assert_eq!(outcomes(&join(&attempts, lost)), expected);
    }

    #[test]
    fn announced_connections_of_a_dead_server_still_identify_phantoms() {
        let died_ns = 10_000_000_000;
        let attempts = [
            attempt(0, 1, 0, Ending::Finished),
            attempt(1, 2, 0, Ending::Finished),
            attempt(2, 3, 0, Ending::Unfinished),
            attempt(3, 4, died_ns, Ending::Unfinished),
        ];
        let connections = [accepted(1, 5)];
        let server = ServerConnections { died_ns: Some(died_ns), ..alive(&connections) };
        assert_eq!(
            outcomes(&join(&attempts, server)),
            [Outcome::Ok, Outcome::Phantom, Outcome::Phantom, Outcome::ServerDown]
        );
    }
}
