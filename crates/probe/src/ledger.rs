//! The ledger: what the sockets of a port showed over time.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// When a scan ran, CLOCK_MONOTONIC nanoseconds: it read each socket between the two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(u64, u64)", into = "(u64, u64)")]
pub struct ScanTime {
    /// Just before it.
    pub before_ns: u64,
    /// Just after it.
    pub after_ns: u64,
}

impl From<(u64, u64)> for ScanTime {
    fn from((before_ns, after_ns): (u64, u64)) -> Self {
        Self { before_ns, after_ns }
    }
}

impl From<ScanTime> for (u64, u64) {
    fn from(scan: ScanTime) -> Self {
        (scan.before_ns, scan.after_ns)
    }
}

/// The connections of a port, as the kernel listed their sockets: the accepts of any server.
///
/// A connection that came and went between two scans is not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// In the order in which they were first seen.
    pub connections: Vec<SeenConnection>,
    /// Connections that are not kept: the ledger was full.
    pub not_kept: u64,
    /// The scans.
    pub scans: Scans,
    /// A listener has been closed. Then what became of its queue is not known.
    pub listener_closed: bool,
}

/// The scans of a ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scans {
    /// How many there were.
    pub count: u64,
    /// How many more failed, and showed nothing.
    pub failed: u64,
    /// The first one.
    pub first: Option<ScanTime>,
    /// The last one.
    pub last: Option<ScanTime>,
    /// How long they took together, nanoseconds.
    pub total_ns: u64,
    /// How long the longest one took, nanoseconds.
    pub longest_ns: u64,
    /// The longest time from the start of one to the end of the next one, nanoseconds: a
    /// connection that lasted longer has been seen.
    pub longest_gap_ns: u64,
}

/// A connection whose socket was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenConnection {
    /// The client's address.
    pub peer: SocketAddr,
    /// The server's: several listeners of a host have different ones, unless they share it.
    pub local: SocketAddr,
    /// The scan before the first one that showed it; `None` if that was the first of all.
    pub unseen: Option<ScanTime>,
    /// The first scan that showed it.
    pub first: ScanTime,
    /// The last one.
    pub last: ScanTime,
    /// How it waited; `None` if it was accepted whenever it was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited: Option<Waited>,
    /// The first scan that showed it accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<ScanTime>,
}

impl SeenConnection {
    /// The bounds of its accept, CLOCK_MONOTONIC nanoseconds: not accepted at the first,
    /// accepted by the second; `None` where no scan showed it.
    pub fn accepted_between(&self) -> (Option<u64>, Option<u64>) {
        (self.waited.map(|waited| waited.last.before_ns), self.accepted.map(|scan| scan.after_ns))
    }
}

/// The scans that showed a connection that was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waited {
    /// The first one.
    pub first: ScanTime,
    /// The last one.
    pub last: ScanTime,
    /// In the last one it was in SYN_RECV, and not yet in the accept queue.
    pub half_open: bool,
}
