//! The state that the workers of a trial share.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};

use chat_server::{AcceptedConnection, ServerProtocol, ServerSettings};
use load_generator::{Attempt, Ending, LoadConfig};
use run_record::{EndedBy, Outcome};

use super::clock::FakeClock;
use super::script::FakeTrial;
use super::worker::Output;
use crate::clock::Clock;

/// The server's host.
pub(super) const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 18, 0, 1));
/// The client's host.
pub(super) const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 18, 1, 1));
/// The port that every scripted server listens on.
pub(super) const PORT: u16 = 8080;
/// The local port of the first attempt.
const FIRST_LOCAL_PORT: u16 = 20_000;
/// From connect(2) to ESTABLISHED, nanoseconds.
const CONNECT_NS: u64 = 50_000;

/// The state of a trial.
#[derive(Debug)]
pub(super) struct State {
    pub(super) events: FakeTrial,
    pub(super) clock: Arc<FakeClock>,
    /// The settings of the running server; `None` before it listens.
    pub(super) server: Option<ServerSettings>,
    /// Where the running server writes.
    pub(super) server_output: Option<Output<ServerProtocol>>,
    /// Every attempt of the load.
    pub(super) attempts: Vec<Attempt>,
    /// The attempts that the server has accepted.
    pub(super) accepted: Vec<AcceptedConnection>,
    /// Messages that clients have written, and that arrived at clients.
    pub(super) messages: u64,
    pub(super) deliveries: u64,
    /// Whether the load has started: from then on the counters have changed.
    pub(super) is_loaded: bool,
}

/// A shared state.
pub(super) type Shared = Arc<Mutex<State>>;

/// Locks a shared state.
pub(super) fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().expect("a scripted worker never panics")
}

impl State {
    /// The state of a trial that has not started.
    pub(super) fn new(events: FakeTrial, clock: Arc<FakeClock>) -> Self {
        Self {
            events,
            clock,
            server: None,
            server_output: None,
            attempts: Vec::new(),
            accepted: Vec::new(),
            messages: 0,
            deliveries: 0,
            is_loaded: false,
        }
    }

    /// Starts every attempt of the load, and accepts those that succeed in the script.
    pub(super) fn connect(&mut self, config: &LoadConfig) {
        let clients = config.settings.clients;
        let scripted = self.events.outcomes.iter();
        let mut outcomes: Vec<Outcome> = scripted
            .flat_map(|(&outcome, &count)| std::iter::repeat_n(outcome, count as usize))
            .take(clients as usize)
            .collect();
        outcomes.resize(clients as usize, Outcome::Ok);
        let began = self.clock.now_ns();
        self.is_loaded = true;
        let messages = config.settings.messages;
        let talkers = outcomes.iter().filter(|outcome| **outcome == Outcome::Ok).count() as u64;
        let round = config.round();
        let destinations = config.destinations().len();
        for ((index, outcome), target) in (0..clients).zip(outcomes).zip(round.iter().cycle()) {
            let start_ns = began + u64::from(index);
            let local = SocketAddr::new(CLIENT, FIRST_LOCAL_PORT.wrapping_add(index as u16));
            let (ending, is_accepted) = match outcome {
                Outcome::Ok => (Ending::Finished, true),
                Outcome::Phantom => (Ending::Finished, false),
                Outcome::Incomplete => (Ending::Unfinished, true),
                Outcome::Refused => (Ending::Refused, false),
                Outcome::TimedOut => (Ending::TimedOut, false),
                Outcome::Reset => (Ending::Reset, false),
                Outcome::NoPort => (Ending::NoPort, false),
                Outcome::ServerDown => (Ending::ClosedByServer, true),
                Outcome::SelfConnected => (Ending::SelfConnected, false),
                Outcome::Unconfirmed => (Ending::Finished, true),
            };
            let is_established = is_accepted || outcome == Outcome::Phantom;
            if is_accepted {
                let at_ns = start_ns + CONNECT_NS;
                self.accepted.push(AcceptedConnection { peer: local, at_ns });
            }
            let talks = outcome == Outcome::Ok;
            self.attempts.push(Attempt {
                index,
                local: (outcome != Outcome::NoPort).then_some(local),
                destination: (destinations > 1).then_some(*target),
                start_ns,
                connect_ns: is_established.then_some(CONNECT_NS),
                end_ns: start_ns + 2 * CONNECT_NS,
                syn_retransmits: Some(0),
                ending,
                ended_by: (outcome == Outcome::Incomplete).then_some(EndedBy::FinishDeadline),
                errno: None,
                answers: 0,
                answered: is_accepted,
                messages_written: if talks { messages } else { 0 },
                deliveries: if talks { (talkers - 1) * u64::from(messages) } else { 0 },
            });
        }
        self.messages = talkers * u64::from(messages);
        self.deliveries = self.messages * talkers.saturating_sub(1);
    }

    /// The number of attempts established at the client.
    pub(super) fn established(&self) -> u64 {
        self.attempts.iter().filter(|attempt| attempt.connect_ns.is_some()).count() as u64
    }
}
