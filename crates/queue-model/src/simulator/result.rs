//! The result of a simulation.

use std::collections::BTreeMap;

/// The state of an attempt at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The client is ESTABLISHED and the server has a socket for it, accepted
    /// or still queued.
    Established,
    /// The client gave up: its deadline, or ETIMEDOUT.
    TimedOut,
    /// The client was ESTABLISHED and got an RST: its final ACK found the queue full with
    /// `tcp_abort_on_overflow`, or it sent data after the server had removed its request.
    Reset,
    /// The client is ESTABLISHED and the server has no socket for it.
    Phantom,
    /// It was still connecting, or not yet started, when the simulation ended.
    Unfinished,
}

/// The result of one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptResult {
    /// Its state at the end.
    pub outcome: Outcome,
    /// From connect(2) to ESTABLISHED at the client.
    pub connect_ns: Option<u64>,
    /// From connect(2) to the client's failure.
    pub failed_ns: Option<u64>,
    /// SYN retransmissions.
    pub syn_retransmits: u32,
    /// When accept(2) returned it, on the arrivals' clock.
    pub accepted_ns: Option<u64>,
}

/// Kernel counters, as differences over the simulation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// `TcpExt.ListenOverflows`.
    pub listen_overflows: u64,
    /// `TcpExt.ListenDrops`.
    pub listen_drops: u64,
    /// `TcpExt.TCPReqQFullDrop`.
    pub tcp_req_q_full_drop: u64,
    /// `TcpExt.TCPReqQFullDoCookies`.
    pub tcp_req_q_full_do_cookies: u64,
    /// `TcpExt.SyncookiesSent`.
    pub syncookies_sent: u64,
    /// `TcpExt.SyncookiesRecv`.
    pub syncookies_recv: u64,
    /// `TcpExt.EmbryonicRsts`.
    pub embryonic_rsts: u64,
    /// `TcpExt.TCPSynRetrans` of the clients' host: retransmitted SYNs.
    pub tcp_syn_retrans: u64,
    /// Retransmitted SYN-ACKs; the server's host counts them in its own
    /// `TcpExt.TCPSynRetrans`.
    pub syn_ack_retrans: u64,
    /// Segments lost because more than `netdev_max_backlog` others waited: the
    /// second column of /proc/net/softnet_stat.
    pub softnet_dropped: u64,
    /// `Tcp.AttemptFails` of the clients' host: connects that failed with ETIMEDOUT; those
    /// that ended at their deadline do not count.
    pub attempt_fails: u64,
}

impl Counters {
    /// Counts an overflow of the accept queue, which is a drop too.
    pub(super) fn overflow(&mut self) {
        self.listen_overflows += 1;
        self.listen_drops += 1;
    }
}

/// A queue's depth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// The maximum.
    pub max: u32,
    /// At the end.
    pub last: u32,
}

/// The queues' depths since an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DepthSample {
    /// On the arrivals' clock.
    pub at_ns: u64,
    /// Connections that wait for accept(2).
    pub accept_queue: u32,
    /// Connections in SYN_RECV.
    pub syn_queue: u32,
}

/// The result of a simulation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Simulation {
    /// One for each arrival, in their order.
    pub attempts: Vec<AttemptResult>,
    /// Both hosts' kernel counters.
    pub counters: Counters,
    /// Connections that wait for accept(2).
    pub accept_queue: QueueDepth,
    /// Connections in SYN_RECV.
    pub syn_queue: QueueDepth,
    /// Every change of the depths, where
    /// `ListenPath::trace_depths` is set.
    pub depths: Vec<DepthSample>,
    /// Overflows of the accept queue that final ACKs, data or FINs of clients caused, which
    /// makes the clients phantoms.
    pub ack_overflows: u64,
    /// Those of them by clients with a SYN cookie, whose own data is all that tries again.
    pub cookie_overflows: u64,
    /// The shortest time between the instant at which a client that was not established
    /// closed its socket and one of its SYN timers: which of them comes first matters.
    pub closest_timer_ns: Option<u64>,
    /// The instant of the last event, on the arrivals' clock.
    pub end_ns: u64,
}

/// What matters of a simulation of a burst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Attempts that did not enter the accept queue with their first SYN and their first
    /// ACK.
    pub(crate) late: u64,
    /// The longest time from connect(2) to the accept queue, nanoseconds.
    pub(crate) worst_wait_ns: u64,
    /// The maximum depths.
    pub(crate) accept_queue: u32,
    pub(crate) syn_queue: u32,
    /// The most segments that waited before another one at the link.
    pub(crate) link_queue: u32,
}

impl Simulation {
    /// Attempts with this outcome.
    pub fn count(&self, outcome: Outcome) -> u64 {
        self.attempts.iter().filter(|attempt| attempt.outcome == outcome).count() as u64
    }

    /// Attempts that accept(2) returned.
    pub fn accepted(&self) -> u64 {
        self.attempts.iter().filter(|attempt| attempt.accepted_ns.is_some()).count() as u64
    }

    /// Attempts that accept(2) returned ÷ attempts; 1 without attempts.
    pub fn success_rate(&self) -> f64 {
        ratio(self.accepted(), self.attempts.len())
    }

    /// Attempts that accept(2) returned or still could ÷ attempts; 1 without attempts.
    pub fn established_rate(&self) -> f64 {
        ratio(self.count(Outcome::Established), self.attempts.len())
    }

    /// The number of attempts by their SYN retransmissions.
    pub fn syn_retransmits(&self) -> BTreeMap<u32, u64> {
        let mut attempts = BTreeMap::new();
        for attempt in &self.attempts {
            *attempts.entry(attempt.syn_retransmits).or_default() += 1;
        }
        attempts
    }
}

fn ratio(part: u64, total: usize) -> f64 {
    if total == 0 { 1.0 } else { part as f64 / total as f64 }
}
