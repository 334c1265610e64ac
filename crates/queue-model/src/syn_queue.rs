//! How many half-open connections a listener holds, and what becomes of a SYN.
//!
//! The order of the tests is that of `tcp_conn_request` (net/ipv4/tcp_input.c),
//! read in 6.18: SYN queue, accept queue, then the quarter of
//! `tcp_max_syn_backlog` that is kept for proven peers. All of it is of a SYN
//! that matches no TIME_WAIT socket: one that does is asked the second question
//! alone.

use crate::law::{KernelSource, Law, Unit};

const KERNEL: KernelSource =
    KernelSource { function: "tcp_conn_request", file: "net/ipv4/tcp_input.c", version: "6.18" };

/// Sockets in SYN_RECV that half-open clients leave: [`SynQueue::capacity`].
pub const CAPACITY: Law =
    Law::exact("syn-queue-capacity", "sockets in SYN_RECV", Unit::Sockets, KERNEL);

/// `ListenDrops` of the server, see [`Left::listen_drops`].
pub const LISTEN_DROPS: Law =
    Law::exact("syn-queue-listen-drops", "ListenDrops", Unit::Events, KERNEL);

/// `ListenOverflows` of the server, see [`Left::listen_overflows`].
pub const LISTEN_OVERFLOWS: Law =
    Law::exact("syn-queue-listen-overflows", "ListenOverflows", Unit::Events, KERNEL);

/// `TCPReqQFullDrop` of the server.
pub const FULL_DROPS: Law =
    Law::exact("syn-queue-full-drops", "TCPReqQFullDrop", Unit::Events, KERNEL);

/// `TCPReqQFullDoCookies` of the server.
pub const FULL_COOKIES: Law =
    Law::exact("syn-queue-full-cookies", "TCPReqQFullDoCookies", Unit::Events, KERNEL);

/// `SyncookiesSent` of the server.
pub const COOKIES_SENT: Law =
    Law::exact("syn-cookies-sent", "SyncookiesSent", Unit::Events, KERNEL);

/// `SyncookiesRecv` of the server.
pub const COOKIES_RECEIVED: Law =
    Law::exact("syn-cookies-received", "SyncookiesRecv", Unit::Events, KERNEL);

/// Live clients that connect behind half-open ones: [`SynQueue::answered`].
pub const LIVE_CLIENTS: Law =
    Law::exact("syn-queue-live-clients", "live clients connected", Unit::Connections, KERNEL);

/// When the SYN queue counts as full, `inet_csk_reqsk_queue_is_full`
/// (include/net/inet_connection_sock.h).
///
/// Stable kernels have the newer rule too, so that a version number does not
/// tell which one holds: probe the running kernel, and ask [`Self::seen`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SynQueueFull {
    /// Longer than the listen limit: since commit 3479c7549fb1 of January 2025.
    Above,
    /// As long as the listen limit: before that commit.
    AtOrAbove,
}

impl SynQueueFull {
    /// The rule of a kernel on which a listener of this limit held `half_open`
    /// connections, with `tcp_syncookies = 1` and more SYNs than that sent;
    /// `None` where neither rule gives that number.
    pub fn seen(limit: u32, half_open: u64) -> Option<Self> {
        [Self::Above, Self::AtOrAbove].into_iter().find(|rule| rule.holds(limit) == half_open)
    }

    fn holds(self, limit: u32) -> u64 {
        match self {
            Self::Above => u64::from(limit) + 1,
            Self::AtOrAbove => u64::from(limit),
        }
    }
}

/// `net.ipv4.tcp_syncookies`: when a SYN is answered with a cookie, which takes
/// no place in the SYN queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookies {
    /// 0: a SYN that finds the SYN queue full is dropped.
    Never = 0,
    /// 1, the default: a SYN that finds the SYN queue full gets a cookie.
    WhenFull = 1,
    /// 2: every SYN gets a cookie.
    Always = 2,
}

impl Cookies {
    /// What the sysctl's value means, 0 to 255.
    ///
    /// `tcp_syn_flood_action` asks only whether it is 0, and `tcp_conn_request`
    /// whether it is 2, so that every other value acts as 1.
    pub fn from_sysctl(value: u32) -> Self {
        match value {
            0 => Self::Never,
            2 => Self::Always,
            _ => Self::WhenFull,
        }
    }
}

/// A listener's SYN queue, by the settings that decide about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SynQueue {
    /// What listen(2) put in force, [`crate::accept_queue::listen_limit`]: it
    /// limits this queue too.
    pub limit: u32,
    /// `net.ipv4.tcp_max_syn_backlog`, 0 to 2³¹ − 1.
    pub max_syn_backlog: u32,
    /// `net.ipv4.tcp_syncookies`.
    pub cookies: Cookies,
    /// The running kernel's rule.
    pub full: SynQueueFull,
    /// Whether the peers are known to be alive: the kernel has a metrics entry
    /// with a round-trip time for their address (`tcp_peer_is_proven`).
    pub peers_are_proven: bool,
}

/// What stands in a listener's two queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Connections in SYN_RECV.
    pub half_open: u64,
    /// Established connections that are not accepted.
    pub established: u64,
}

/// What `tcp_conn_request` does with one SYN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A place in the SYN queue, and a SYN-ACK.
    Queued,
    /// A SYN-ACK that carries a cookie, and no place.
    Cookie,
    /// Dropped, as the SYN queue is full.
    SynQueueFull,
    /// Dropped, as the accept queue is full, in cookie mode too.
    AcceptQueueFull {
        /// Whether a cookie had been decided on, which is counted.
        cookie: bool,
    },
    /// Dropped, as what is left of `tcp_max_syn_backlog` is for proven peers.
    /// It has no counter of its own.
    Unproven,
}

/// What a number of SYNs leave: the queues, and the counters' differences. No
/// client has retransmitted yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Left {
    /// Connections in SYN_RECV, those that stood before among them.
    pub syn_recv: u64,
    /// Established connections in the accept queue, those that stood before
    /// among them.
    pub established: u64,
    /// `ListenDrops`: every SYN that was dropped.
    pub listen_drops: u64,
    /// `ListenOverflows`: those dropped as the accept queue was full.
    pub listen_overflows: u64,
    /// `TCPReqQFullDrop`.
    pub tcp_req_q_full_drop: u64,
    /// `TCPReqQFullDoCookies`.
    pub tcp_req_q_full_do_cookies: u64,
    /// `SyncookiesSent`.
    pub syncookies_sent: u64,
    /// `SyncookiesRecv`.
    pub syncookies_recv: u64,
}

impl SynQueue {
    /// Half-open connections that the queue holds at most.
    pub fn capacity(&self) -> u64 {
        let by_limit = self.full.holds(self.limit);
        match self.cookies {
            Cookies::Always => 0,
            Cookies::Never if !self.peers_are_proven => by_limit.min(self.unproven_capacity()),
            Cookies::Never | Cookies::WhenFull => by_limit,
        }
    }

    /// Where unproven peers end: `tcp_conn_request` lets one in while
    /// M − length ≥ ⌊M/4⌋, hence one more than M − ⌊M/4⌋.
    fn unproven_capacity(&self) -> u64 {
        u64::from(self.max_syn_backlog - self.max_syn_backlog / 4) + 1
    }

    /// What becomes of a SYN that arrives with this in the queues.
    pub fn fate(&self, standing: Standing) -> Fate {
        let full = standing.half_open >= self.full.holds(self.limit);
        let wants_cookie = self.cookies == Cookies::Always || full;
        if wants_cookie && self.cookies == Cookies::Never {
            Fate::SynQueueFull
        } else if standing.established > u64::from(self.limit) {
            Fate::AcceptQueueFull { cookie: wants_cookie }
        } else if wants_cookie {
            Fate::Cookie
        } else if self.cookies == Cookies::Never
            && !self.peers_are_proven
            && standing.half_open >= self.unproven_capacity()
        {
            Fate::Unproven
        } else {
            Fate::Queued
        }
    }

    /// What `syns` connects leave whose SYN-ACK nobody answers.
    pub fn unanswered(&self, standing: Standing, syns: u64) -> Left {
        let fate = self.fate(standing);
        let queued = match fate {
            Fate::Queued => syns.min(self.capacity() - standing.half_open),
            _ => 0,
        };
        let half_open = standing.half_open + queued;
        let rest = self.fate(Standing { half_open, ..standing });
        let mut left =
            Left { syn_recv: half_open, established: standing.established, ..Left::default() };
        left.count(rest, syns - queued);
        left
    }

    /// What `clients` live clients leave that connect one after the other while
    /// nothing is accepted.
    pub fn answered(&self, standing: Standing, clients: u64) -> Left {
        let fate = self.fate(standing);
        let connected = match fate {
            Fate::Queued | Fate::Cookie => {
                clients.min(u64::from(self.limit) + 1 - standing.established)
            }
            _ => 0,
        };
        let established = standing.established + connected;
        let rest = self.fate(Standing { established, ..standing });
        let mut left = Left { syn_recv: standing.half_open, established, ..Left::default() };
        left.count(fate, connected);
        if fate == Fate::Cookie {
            left.syncookies_recv = connected;
        }
        left.count(rest, clients - connected);
        left
    }
}

impl Left {
    fn count(&mut self, fate: Fate, syns: u64) {
        match fate {
            Fate::Queued => {}
            Fate::Cookie => {
                self.tcp_req_q_full_do_cookies += syns;
                self.syncookies_sent += syns;
            }
            Fate::SynQueueFull => {
                self.tcp_req_q_full_drop += syns;
                self.listen_drops += syns;
            }
            Fate::AcceptQueueFull { cookie } => {
                self.tcp_req_q_full_do_cookies += if cookie { syns } else { 0 };
                self.listen_overflows += syns;
                self.listen_drops += syns;
            }
            Fate::Unproven => self.listen_drops += syns,
        }
    }
}

#[cfg(test)]
mod tests;
