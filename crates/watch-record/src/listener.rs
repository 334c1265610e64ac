//! A listening socket with its queues.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connections::ConnectionCounts;
use crate::history::Second;
use crate::process::WatchedProcess;
use crate::trouble::Trouble;

/// A listening socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WatchedListener {
    /// Identifies the socket on this machine while it is up (its socket cookie).
    pub id: u64,
    /// Where it listens.
    pub address: SocketAddr,
    /// Its network namespace: [`crate::WatchedNamespace::inode`].
    pub namespace: u64,
    /// The processes that have it; empty if none is visible.
    pub processes: Vec<WatchedProcess>,
    /// The container of its first process: its name, or the start of its ID.
    pub container: Option<String>,
    /// Whether its processes have been looked for yet.
    pub processes_are_known: bool,
    /// The limit of its accept queue, min(backlog, somaxconn): it holds one more.
    pub limit: u32,
    /// What set the limit.
    pub limit_from: LimitFrom,
    /// Connections in its accept queue at the last look.
    pub depth: u32,
    /// The deepest queue since the watch began, or since its limit changed.
    pub peak: Peak,
    /// The deepest queue of the last 60 seconds.
    pub peak_last_minute: Peak,
    /// Its own drops since it was made (`sk_drops`), modulo 2³²; none if the kernel does not
    /// say.
    pub drops_total: Option<u32>,
    /// Its own drops since the watch began.
    pub drops_watched: u64,
    /// Its own drops in the last second that is complete.
    pub drops_last_second: u64,
    /// Connections of its address, which it may share with other listeners; none before the
    /// first walk of all sockets.
    pub connections: Option<ConnectionCounts>,
    /// Listening sockets with its address in its namespace, itself included: more than one
    /// share it by SO_REUSEPORT, and `connections` counts those of all.
    pub sharing_address: u32,
    /// The last 60 seconds, the oldest first.
    pub seconds: Vec<Second>,
    /// What is wrong, the most severe first.
    pub troubles: Vec<Trouble>,
}

/// A deepest queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Peak {
    /// The deepest that was seen at a look.
    pub seen: u32,
    /// Between two looks the queue was full (limit + 1): the listener dropped, and all that its
    /// namespace dropped in that time was for a full accept queue (ListenOverflows). The
    /// kernel does not report a peak.
    pub was_full: bool,
}

impl Peak {
    /// The deepest queue that is known, of a listener with this limit.
    pub fn depth(self, limit: u32) -> u64 {
        match self.was_full {
            true => u64::from(self.seen).max(u64::from(limit) + 1),
            false => self.seen.into(),
        }
    }
}

/// What set the limit of an accept queue, as far as the present value of somaxconn shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LimitFrom {
    /// Less than somaxconn: the backlog that the program passed to listen(2), unless somaxconn
    /// was raised after that.
    Backlog,
    /// Equal to somaxconn: a backlog of at least that, perhaps clamped.
    Somaxconn,
    /// More than somaxconn, which was lowered after listen(2).
    EarlierSomaxconn,
    /// somaxconn is not known.
    Unknown,
}

impl LimitFrom {
    /// What `limit` is from if somaxconn is this now.
    pub fn new(limit: u32, somaxconn: Option<u32>) -> Self {
        use std::cmp::Ordering;
        match somaxconn.map(|somaxconn| limit.cmp(&somaxconn)) {
            Some(Ordering::Less) => Self::Backlog,
            Some(Ordering::Equal) => Self::Somaxconn,
            Some(Ordering::Greater) => Self::EarlierSomaxconn,
            None => Self::Unknown,
        }
    }
}
