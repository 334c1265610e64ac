//! How many half-open connections a listener holds, and what it does with a SYN.
//!
//! The order of the tests is that of `tcp_conn_request` (net/ipv4/tcp_input.c) in 6.18:
//! SYN queue, accept queue, then the quarter of `tcp_max_syn_backlog` that is reserved
//! for proven peers. This applies to a SYN that matches no TIME_WAIT socket; one that does
//! gets only the second test.

use crate::law::{KernelSource, Law, Unit};

const KERNEL: KernelSource =
    KernelSource { function: "tcp_conn_request", file: "net/ipv4/tcp_input.c", version: "6.18" };

/// Sockets in SYN_RECV because of half-open clients: [`SynQueue::capacity`].
pub const CAPACITY: Law =
    Law::exact("syn-queue-capacity", "sockets in SYN_RECV", Unit::Sockets, KERNEL);

/// `ListenDrops` of the server, see [`Effects::listen_drops`].
pub const LISTEN_DROPS: Law =
    Law::exact("syn-queue-listen-drops", "ListenDrops", Unit::Events, KERNEL);

/// `ListenOverflows` of the server, see [`Effects::listen_overflows`].
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

/// Live clients that connect behind half-open ones: [`SynQueue::connect_live`].
pub const LIVE_CLIENTS: Law =
    Law::exact("syn-queue-live-clients", "live clients connected", Unit::Connections, KERNEL);

/// When the SYN queue counts as full, `inet_csk_reqsk_queue_is_full`
/// (include/net/inet_connection_sock.h).
///
/// Stable kernels adopted the newer rule, so the version number does not determine it:
/// probe the running kernel and use [`Self::from_observation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SynQueueFull {
    /// Longer than the listen limit: since commit 3479c7549fb1 of January 2025.
    Above,
    /// As long as the listen limit: before that commit.
    AtOrAbove,
}

impl SynQueueFull {
    /// The rule of a kernel on which a listener with this limit held `half_open`
    /// connections after more SYNs than that, with `tcp_syncookies = 1`; `None` if neither
    /// rule predicts that number.
    pub fn from_observation(limit: u32, half_open: u64) -> Option<Self> {
        [Self::Above, Self::AtOrAbove].into_iter().find(|rule| rule.capacity(limit) == half_open)
    }

    fn capacity(self, limit: u32) -> u64 {
        match self {
            Self::Above => u64::from(limit) + 1,
            Self::AtOrAbove => u64::from(limit),
        }
    }
}

/// `net.ipv4.tcp_syncookies`: when a SYN is answered with a cookie, which needs no place
/// in the SYN queue.
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
    /// The meaning of the sysctl's value, 0 to 255.
    ///
    /// `tcp_syn_flood_action` only checks whether it is 0, and `tcp_conn_request` whether
    /// it is 2, so every other value acts as 1.
    pub fn from_sysctl(value: u32) -> Self {
        match value {
            0 => Self::Never,
            2 => Self::Always,
            _ => Self::WhenFull,
        }
    }
}

/// A listener's SYN queue, as described by the settings that affect it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SynQueue {
    /// The limit that listen(2) set, [`crate::accept_queue::listen_limit`]: it applies to
    /// this queue too.
    pub limit: u32,
    /// `net.ipv4.tcp_max_syn_backlog`, any int: without cookies, a negative one admits
    /// nothing, except for −1, which admits one.
    pub max_syn_backlog: i32,
    /// `net.ipv4.tcp_syncookies`.
    pub cookies: Cookies,
    /// The running kernel's rule.
    pub full: SynQueueFull,
    /// Whether the peers are known to be alive: the kernel has a metrics entry
    /// with a round-trip time for their address (`tcp_peer_is_proven`).
    pub peers_are_proven: bool,
}

/// The lengths of a listener's two queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueLengths {
    /// Connections in SYN_RECV.
    pub half_open: u64,
    /// Established connections that are not accepted yet.
    pub established: u64,
}

/// What `tcp_conn_request` does with one SYN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SynDecision {
    /// A place in the SYN queue, and a SYN-ACK.
    Queued,
    /// A SYN-ACK with a cookie, and no place.
    Cookie,
    /// Dropped because the SYN queue is full.
    SynQueueFull,
    /// Dropped because the accept queue is full, even with cookies.
    AcceptQueueFull {
        /// Whether the kernel had decided to send a cookie, which it counts.
        cookie: bool,
    },
    /// Dropped because the rest of `tcp_max_syn_backlog` is reserved for proven peers; it
    /// has no counter of its own.
    Unproven,
}

/// The effects of a number of SYNs, before any client retransmits: the queues' lengths
/// and the counters' increases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effects {
    /// Connections in SYN_RECV, including earlier ones.
    pub syn_recv: u64,
    /// Established connections in the accept queue, including earlier ones.
    pub established: u64,
    /// `ListenDrops`: every SYN that was dropped.
    pub listen_drops: u64,
    /// `ListenOverflows`: SYNs that were dropped because the accept queue was full.
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
    /// The largest number of half-open connections in the queue.
    pub fn capacity(&self) -> u64 {
        let by_limit = self.full.capacity(self.limit);
        match self.cookies {
            Cookies::Always => 0,
            Cookies::Never if !self.peers_are_proven => by_limit.min(self.unproven_capacity()),
            Cookies::Never | Cookies::WhenFull => by_limit,
        }
    }

    /// The capacity for unproven peers: `tcp_conn_request` admits one while
    /// M − length ≥ ⌊M/4⌋, so it is one more than M − ⌊M/4⌋.
    fn unproven_capacity(&self) -> u64 {
        (three_quarters(self.max_syn_backlog) + 1).max(0).cast_unsigned()
    }

    /// What the kernel does with a SYN that arrives with these queue lengths.
    pub fn decide(&self, lengths: QueueLengths) -> SynDecision {
        let full = lengths.half_open >= self.full.capacity(self.limit);
        let wants_cookie = self.cookies == Cookies::Always || full;
        if wants_cookie && self.cookies == Cookies::Never {
            SynDecision::SynQueueFull
        } else if lengths.established > u64::from(self.limit) {
            SynDecision::AcceptQueueFull { cookie: wants_cookie }
        } else if wants_cookie {
            SynDecision::Cookie
        } else if self.cookies == Cookies::Never
            && !self.peers_are_proven
            && lengths.half_open >= self.unproven_capacity()
        {
            SynDecision::Unproven
        } else {
            SynDecision::Queued
        }
    }

    /// The effects of `syns` connects whose SYN-ACK is never answered.
    pub fn connect_half_open(&self, lengths: QueueLengths, syns: u64) -> Effects {
        let decision = self.decide(lengths);
        let queued = match decision {
            SynDecision::Queued => syns.min(self.capacity() - lengths.half_open),
            _ => 0,
        };
        let half_open = lengths.half_open + queued;
        let rest = self.decide(QueueLengths { half_open, ..lengths });
        let mut effects =
            Effects { syn_recv: half_open, established: lengths.established, ..Effects::default() };
        effects.count(rest, syns - queued);
        effects
    }

    /// The effects of `clients` live clients that connect one after the other while the
    /// server accepts nothing.
    pub fn connect_live(&self, lengths: QueueLengths, clients: u64) -> Effects {
        let decision = self.decide(lengths);
        let connected = match decision {
            SynDecision::Queued | SynDecision::Cookie => {
                clients.min(u64::from(self.limit) + 1 - lengths.established)
            }
            _ => 0,
        };
        let established = lengths.established + connected;
        let rest = self.decide(QueueLengths { established, ..lengths });
        let mut effects =
            Effects { syn_recv: lengths.half_open, established, ..Effects::default() };
        effects.count(decision, connected);
        if decision == SynDecision::Cookie {
            effects.syncookies_recv = connected;
        }
        effects.count(rest, clients - connected);
        effects
    }
}

/// The part of `tcp_max_syn_backlog` that peers which are not proven may use without SYN
/// cookies: M − ⌊M/4⌋, which the queue may exceed by one.
///
/// `tcp_conn_request` (net/ipv4/tcp_input.c) in 6.18.
pub fn three_quarters(max_syn_backlog: i32) -> i64 {
    // `>>` rounds down, as in the kernel, which accepts negative values.
    let max_syn_backlog = i64::from(max_syn_backlog);
    max_syn_backlog - (max_syn_backlog >> 2)
}

/// The smallest `tcp_max_syn_backlog`, no less than 0, with which this many connections can
/// be half-open at the same time without SYN cookies; the largest possible one if none is
/// enough.
pub fn required_max_syn_backlog(half_open: u32) -> i32 {
    let required = i64::from(half_open) - 1;
    // M - ⌊M/4⌋ ≥ n for the first time at ⌊4n/3⌋, or just before.
    let near = i32::try_from((required * 4 / 3 - 1).max(0)).unwrap_or(i32::MAX);
    (near..=i32::MAX).find(|&m| three_quarters(m) >= required).unwrap_or(i32::MAX)
}

impl Effects {
    fn count(&mut self, decision: SynDecision, syns: u64) {
        match decision {
            SynDecision::Queued => {}
            SynDecision::Cookie => {
                self.tcp_req_q_full_do_cookies += syns;
                self.syncookies_sent += syns;
            }
            SynDecision::SynQueueFull => {
                self.tcp_req_q_full_drop += syns;
                self.listen_drops += syns;
            }
            SynDecision::AcceptQueueFull { cookie } => {
                self.tcp_req_q_full_do_cookies += if cookie { syns } else { 0 };
                self.listen_overflows += syns;
                self.listen_drops += syns;
            }
            SynDecision::Unproven => self.listen_drops += syns,
        }
    }
}

#[cfg(test)]
mod tests;
