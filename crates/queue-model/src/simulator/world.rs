//! The state of a simulation, and its event loop.

use std::collections::VecDeque;

use super::acceptor::Acceptor;
use super::event_queue::{Event, EventQueue, Segment, Timer};
use super::nanoseconds::nanoseconds;
use super::result::{
    AttemptResult, Counters, DepthSample, Outcome, QueueDepth, Simulation, Summary,
};
use super::settings::{Arrival, ListenPath, Peer};
use super::syn_queue::SynQueue;
use super::timers::Retransmission;

/// The state of an attempt at the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientSide {
    Idle,
    SynSent,
    Established,
    GaveUp,
    Reset,
}

/// The state of an attempt at the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ServerSide {
    /// The server stores nothing about it.
    Nothing,
    /// In the SYN queue.
    Request,
    /// It has a socket, in the accept queue or accepted.
    Socket,
}

/// One attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    pub(super) start: u64,
    /// When it was established, failed and was accepted; [`NEVER`] if it was not.
    pub(super) established: u64,
    pub(super) failed: u64,
    pub(super) accepted: u64,
    /// When its request's timer fires; a timer that fires at another instant has been
    /// replaced.
    pub(super) request_due: u64,
    /// When its SYN timer fires.
    pub(super) syn_due: u64,
    /// When it closes its socket if it is not established by then.
    pub(super) closes: u64,
    /// At most 127 + 127: `tcp_syn_retries` and `tcp_syn_linear_timeouts`.
    pub(super) retransmits: u8,
    /// How often the timeout of its SYN has doubled.
    pub(super) doublings: u8,
    /// When it sent data or its FIN first; [`NEVER`] if it did not.
    pub(super) first_sent: u64,
    /// Whether it sends at an instant that is known in advance.
    pub(super) sends_as_planned: bool,
    pub(super) data_sent: u8,
    pub(super) timeouts: u8,
    pub(super) client: ClientSide,
    pub(super) server: ServerSide,
    pub(super) peer: Peer,
    /// The server has answered it with a cookie, which an ACK returns.
    pub(super) has_cookie: bool,
    /// It has retransmitted its SYN, or its ACK found the accept queue full.
    pub(super) is_late: bool,
    /// When it entered the accept queue; [`NEVER`] if it did not.
    pub(super) queued: u64,
}

/// The instant of what did not happen.
pub(super) const NEVER: u64 = u64::MAX;

/// The state of a simulation.
#[derive(Debug)]
pub(super) struct World<'a> {
    pub(super) path: &'a ListenPath,
    pub(super) now: u64,
    pub(super) events: EventQueue,
    pub(super) attempts: Vec<Attempt>,
    pub(super) syn_queue: SynQueue,
    pub(super) accept_queue: VecDeque<u32>,
    pub(super) acceptor: Acceptor<'a>,
    pub(super) counters: Counters,
    pub(super) retransmission: Retransmission,
    /// Attempts that have retransmitted their SYN, or whose ACK found the accept queue full.
    pub(super) late: u64,
    /// Overflows of the accept queue that final ACKs, data or FINs of clients caused.
    pub(super) ack_overflows: u64,
    /// Those of them by clients with a SYN cookie.
    pub(super) cookie_overflows: u64,
    /// The shortest time between a client's close and one of its SYN timers.
    pub(super) closest_timer: u64,
    deepest_accept_queue: u32,
    deepest_syn_queue: u32,
    depths: Vec<DepthSample>,
}

/// The memory of a simulation, for the next one: for a million attempts it costs more to get it
/// from the kernel than to fill it.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    attempts: Vec<Attempt>,
    connects: Vec<(u64, u32)>,
}

impl<'a> World<'a> {
    /// A world with these attempts.
    ///
    /// # Panics
    /// With more than 2³² attempts.
    pub(super) fn new(
        path: &'a ListenPath,
        arrivals: impl Iterator<Item = Arrival>,
        memory: Memory,
    ) -> Self {
        let deadline = path.client.connect_deadline.map(nanoseconds);
        let Memory { mut attempts, mut connects } = memory;
        attempts.clear();
        connects.clear();
        let (mut deadlines, mut first_sent) = (Vec::new(), Vec::new());
        attempts.reserve_exact(arrivals.size_hint().0);
        connects.reserve_exact(arrivals.size_hint().0);
        for arrival in arrivals {
            let id = u32::try_from(attempts.len()).expect("no more than 2³² attempts");
            let mut attempt = Attempt::new(&arrival);
            connects.push((attempt.start, id));
            let default = || Some(attempt.start.saturating_add(deadline?));
            if let Some(closes) = arrival.close_ns.or_else(default) {
                // After its connect(2), which comes later among simultaneous events.
                attempt.closes = closes.max(attempt.start.saturating_add(1));
                deadlines.push((attempt.closes, id));
            }
            first_sent.extend(arrival.first_sent_ns.map(|at| (at, id)));
            attempts.push(attempt);
        }
        let mut events = EventQueue::new(connects, deadlines, first_sent, path.link, path.timers);
        let (acceptor, first_accept) = Acceptor::new(&path.accepts);
        if let Some(at) = first_accept {
            events.schedule_accept(at);
        }
        Self {
            path,
            now: 0,
            events,
            attempts,
            syn_queue: SynQueue::default(),
            accept_queue: VecDeque::new(),
            acceptor,
            counters: Counters::default(),
            retransmission: Retransmission::new(&path.client, path.timers),
            late: 0,
            ack_overflows: 0,
            cookie_overflows: 0,
            closest_timer: NEVER,
            deepest_accept_queue: 0,
            deepest_syn_queue: 0,
            depths: Vec::new(),
        }
    }

    pub(super) fn run(&mut self) {
        let until = self.path.until_ns.unwrap_or(u64::MAX);
        let max_late = self.path.max_late.unwrap_or(u64::MAX);
        while let Some((at, event)) = self.events.next() {
            if at > until || self.late > max_late {
                break;
            }
            self.now = at;
            self.handle(event);
            self.record_depths();
        }
    }

    fn handle(&mut self, event: Event) {
        match event {
            Event::Deadline(id) => self.deadline(id),
            Event::FirstSent(id) => self.send_data(id),
            Event::Accept => self.accept(),
            Event::Arrives(Segment::Syn, id) => self.syn_arrives(id),
            Event::Arrives(Segment::SynAck, id) => self.syn_ack_arrives(id),
            Event::Arrives(Segment::Ack, id) => self.ack_arrives(id),
            Event::Arrives(Segment::LaterData, id) => self.later_data_arrives(id),
            Event::Arrives(Segment::ClientReset, id) => self.client_reset_arrives(id),
            Event::Arrives(Segment::ServerReset, id) => self.server_reset_arrives(id),
            Event::Fires(Timer::Syn, id) => self.syn_timer(id),
            Event::Fires(Timer::Request, id) => self.request_timer(id),
            Event::Fires(Timer::FirstData | Timer::Data, id) => self.send_data(id),
            Event::Connect(id) => self.connect(id),
        }
    }

    /// Sends a segment; false if it was lost.
    pub(super) fn send(&mut self, segment: Segment, id: u32) -> bool {
        let sent = self.events.send(self.now, segment, id);
        self.counters.softnet_dropped += u64::from(!sent);
        sent
    }

    /// An attempt waits for a timer.
    pub(super) fn mark_late(&mut self, id: u32) {
        let was_late = std::mem::replace(&mut self.attempt(id).is_late, true);
        self.late += u64::from(!was_late);
    }

    pub(super) fn attempt(&mut self, id: u32) -> &mut Attempt {
        &mut self.attempts[id as usize]
    }

    /// The accept queue's length; never more than the limit plus one.
    pub(super) fn accept_queue_len(&self) -> u32 {
        self.accept_queue.len() as u32
    }

    fn record_depths(&mut self) {
        let (accept_queue, syn_queue) = (self.accept_queue_len(), self.syn_queue.len);
        self.deepest_accept_queue = self.deepest_accept_queue.max(accept_queue);
        self.deepest_syn_queue = self.deepest_syn_queue.max(syn_queue);
        let last = self.depths.last().map_or((0, 0), |last| (last.accept_queue, last.syn_queue));
        if self.path.trace_depths && last != (accept_queue, syn_queue) {
            self.depths.push(DepthSample { at_ns: self.now, accept_queue, syn_queue });
        }
    }

    /// What matters of a simulation of a burst.
    pub(super) fn summary(&self) -> Summary {
        let mut summary = Summary {
            late: 0,
            worst_wait_ns: 0,
            accept_queue: self.deepest_accept_queue,
            syn_queue: self.deepest_syn_queue,
            link_queue: self.events.longest_link_queue(),
        };
        for attempt in &self.attempts {
            let is_established =
                attempt.client == ClientSide::Established && attempt.server == ServerSide::Socket;
            summary.late += u64::from(!is_established || attempt.is_late);
            if attempt.queued != NEVER {
                summary.worst_wait_ns = summary.worst_wait_ns.max(attempt.queued - attempt.start);
            }
        }
        summary
    }

    /// Its memory, for another simulation.
    pub(super) fn into_memory(self) -> Memory {
        Memory { attempts: self.attempts, connects: self.events.into_connects() }
    }

    pub(super) fn finish(self) -> Simulation {
        Simulation {
            cookie_overflows: self.cookie_overflows,
            closest_timer_ns: (self.closest_timer != NEVER).then_some(self.closest_timer),
            counters: self.counters,
            accept_queue: QueueDepth {
                max: self.deepest_accept_queue,
                last: self.accept_queue_len(),
            },
            syn_queue: QueueDepth { max: self.deepest_syn_queue, last: self.syn_queue.len },
            attempts: self.attempts.iter().map(Attempt::result).collect(),
            depths: self.depths,
            ack_overflows: self.ack_overflows,
            end_ns: self.now,
        }
    }
}

impl Attempt {
    fn new(arrival: &Arrival) -> Self {
        Self {
            start: arrival.start_ns,
            established: NEVER,
            failed: NEVER,
            accepted: NEVER,
            request_due: 0,
            syn_due: NEVER,
            closes: NEVER,
            retransmits: 0,
            doublings: 0,
            first_sent: NEVER,
            sends_as_planned: arrival.first_sent_ns.is_some(),
            data_sent: 0,
            timeouts: 0,
            client: ClientSide::Idle,
            server: ServerSide::Nothing,
            peer: arrival.peer,
            has_cookie: false,
            is_late: false,
            queued: NEVER,
        }
    }

    fn result(&self) -> AttemptResult {
        let happened = |at: u64| (at != NEVER).then_some(at);
        let since_start = |at: u64| happened(at).map(|at| at - self.start);
        AttemptResult {
            outcome: match (self.client, self.server) {
                (ClientSide::Idle | ClientSide::SynSent, _) => Outcome::Unfinished,
                (ClientSide::Established, ServerSide::Socket) => Outcome::Established,
                (ClientSide::Established, _) => Outcome::Phantom,
                (ClientSide::GaveUp, _) => Outcome::TimedOut,
                (ClientSide::Reset, _) => Outcome::Reset,
            },
            connect_ns: since_start(self.established),
            failed_ns: since_start(self.failed),
            syn_retransmits: self.retransmits.into(),
            accepted_ns: happened(self.accepted),
        }
    }
}
