//! The columns of the table of listeners.

use std::cmp::Reverse;
use std::net::SocketAddr;

use watch_record::{Snapshot, WatchedListener};

use crate::describe;

/// A column, in the order in which they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    Trouble,
    Address,
    Process,
    Place,
    Depth,
    Limit,
    LimitFrom,
    Peak,
    PeakLastMinute,
    History,
    DropsPerSecond,
    DropsTotal,
    DropsWatched,
    NotAccepted,
    Oldest,
    SynRecv,
    Established,
    CloseWait,
    TimeWait,
}

/// By what a column sorts; the smallest is shown first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SortKey {
    Place(usize),
    Address(SocketAddr),
    Text(String),
    Number(Reverse<u64>),
}

impl Column {
    pub(crate) const ALL: [Self; 19] = [
        Self::Trouble,
        Self::Address,
        Self::Process,
        Self::Place,
        Self::Depth,
        Self::Limit,
        Self::LimitFrom,
        Self::Peak,
        Self::PeakLastMinute,
        Self::History,
        Self::DropsPerSecond,
        Self::DropsTotal,
        Self::DropsWatched,
        Self::NotAccepted,
        Self::Oldest,
        Self::SynRecv,
        Self::Established,
        Self::CloseWait,
        Self::TimeWait,
    ];

    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Trouble => "",
            Self::Address => "ADDRESS",
            Self::Process => "PROCESS",
            Self::Place => "WHERE",
            Self::Depth => "DEPTH",
            Self::Limit => "LIMIT",
            Self::LimitFrom => "SET BY",
            Self::Peak => "PEAK",
            Self::PeakLastMinute => "PEAK1M",
            Self::History => "HISTORY",
            Self::DropsPerSecond => "DROP/S",
            Self::DropsTotal => "DROPS",
            Self::DropsWatched => "+DROPS",
            Self::NotAccepted => "WAIT",
            Self::Oldest => "OLDEST",
            Self::SynRecv => "SYNRCV",
            Self::Established => "ESTAB",
            Self::CloseWait => "CLWAIT",
            Self::TimeWait => "TMWAIT",
        }
    }

    /// What the column shows, for the help and the menu of orders.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Trouble => {
                "trouble: !! connections are lost now, ! they wait or soon will be \
                              lost, i earlier or possible"
            }
            Self::Address => "address and port",
            Self::Process => "process and its PID; +2: two more share the socket",
            Self::Place => "container and network namespace, where it is not the watch's own",
            Self::Depth => "connections in the accept queue at the last look",
            Self::Limit => {
                "limit of the accept queue, which holds one more; s: set by somaxconn, \
                            <: somaxconn was lowered after listen(2)"
            }
            Self::LimitFrom => "what set the limit: backlog, somaxconn, or an earlier somaxconn",
            Self::Peak => {
                "deepest queue since the watch began; *: not seen, but it was full \
                           between two looks, by drops that were all for a full accept queue"
            }
            Self::PeakLastMinute => "deepest queue in the last 60 seconds; * as for PEAK",
            Self::History => "deepest queue of each second against the limit; x: drops, ?: no look",
            Self::DropsPerSecond => "the socket's own drops in the last second",
            Self::DropsTotal => "the socket's own drops since it was made (sk_drops)",
            Self::DropsWatched => "the socket's own drops since the watch began",
            Self::NotAccepted => {
                "connections in the accept queue at the last walk: no accept(2) has taken them"
            }
            Self::Oldest => "age of the oldest of these, as far as ages are known",
            Self::SynRecv => "half-open connections (SYN_RECV)",
            Self::Established => "established and accepted connections",
            Self::CloseWait => {
                "closed by the client, not by the process (CLOSE_WAIT), accepted or not"
            }
            Self::TimeWait => "closed, kept for late segments (TIME_WAIT)",
        }
    }

    /// Whether its cells are aligned to the right.
    pub(crate) fn is_number(self) -> bool {
        !matches!(
            self,
            Self::Trouble
                | Self::Address
                | Self::Process
                | Self::Place
                | Self::LimitFrom
                | Self::History
        )
    }

    /// By what it sorts a listener that is the `index`-th of the snapshot.
    pub(crate) fn key(self, index: usize, snapshot: &Snapshot) -> SortKey {
        let listener = &snapshot.listeners[index];
        match self {
            Self::Trouble => SortKey::Place(index),
            Self::Address => SortKey::Address(listener.address),
            Self::Process => SortKey::Text(describe::process(listener)),
            Self::Place => SortKey::Text(describe::place(listener, snapshot)),
            Self::LimitFrom => SortKey::Text(describe::limit_from(listener.limit_from).to_owned()),
            _ => SortKey::Number(Reverse(self.number(listener).map_or(0, |n| n.saturating_add(1)))),
        }
    }

    /// The number that it shows; none for a text and for what is not known.
    fn number(self, listener: &WatchedListener) -> Option<u64> {
        let of_connections = |count: fn(&watch_record::ConnectionCounts) -> u32| {
            listener.connections.as_ref().map(|connections| count(connections).into())
        };
        match self {
            Self::Trouble | Self::Address | Self::Process | Self::Place | Self::LimitFrom => None,
            Self::Depth => Some(listener.depth.into()),
            Self::Limit => Some(listener.limit.into()),
            Self::Peak => Some(listener.peak.depth(listener.limit)),
            Self::PeakLastMinute | Self::History => {
                Some(listener.peak_last_minute.depth(listener.limit))
            }
            Self::DropsPerSecond => Some(listener.drops_last_second),
            Self::DropsTotal => listener.drops_total.map(u64::from),
            Self::DropsWatched => Some(listener.drops_watched),
            Self::NotAccepted => of_connections(|connections| connections.not_accepted),
            Self::Oldest => listener
                .connections
                .and_then(|connections| connections.oldest_not_accepted_seconds)
                .map(|seconds| (seconds * 1e3) as u64),
            Self::SynRecv => of_connections(|connections| connections.syn_recv),
            Self::Established => of_connections(|connections| connections.established),
            Self::CloseWait => of_connections(|connections| connections.close_wait),
            Self::TimeWait => of_connections(|connections| connections.time_wait),
        }
    }
}
