//! A row of `timelines/*.csv`.

use serde::{Deserialize, Serialize};

/// The most rows of the probe, and of the accept loops, in one timeline: more than three
/// minutes if the queue of one listener changes every millisecond.
pub const MAX_TIMELINE_ROWS: usize = 200_000;

/// What read the depth of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DepthSource {
    /// The probe, at a tick of its timer.
    Probe,
    /// The server's thread that accepts from this listener, after an accept(2).
    AcceptLoop,
}

/// A reading of one listener; the first row of an instant of the probe also has the counts
/// of sockets by state.
///
/// Rows are ordered by time, on the clock of `attempts/*.csv`; the time stamp is taken
/// after the reading. Of the probe, only changes have rows, each with the last sample before
/// the change: between two of its rows of a listener, every sample had the values of the first
/// one, unless ticks were missed. An empty field was not read; a depth or count stays valid
/// until the next row that has one. A change of only the socket memory has no row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineRow {
    /// CLOCK_MONOTONIC, nanoseconds.
    pub at_ns: u64,
    /// Number of the listener, from 0: in the order in which the probe first observed them,
    /// or of the accept loops; `None` if the port had no listener.
    pub listener: Option<u32>,
    /// Connections in its accept queue (Recv-Q); `None` if it is closed.
    pub depth: Option<u32>,
    /// Limit of the accept queue (Send-Q).
    pub limit: Option<u32>,
    /// Sockets in SYN_RECV on the server's port.
    pub syn_recv: Option<u32>,
    /// Sockets in ESTABLISHED.
    pub established: Option<u32>,
    /// Sockets in TIME_WAIT.
    pub time_wait: Option<u32>,
    /// Sockets in FIN_WAIT_2.
    pub fin_wait_2: Option<u32>,
    /// Memory that TCP used for sockets in the whole machine.
    pub socket_memory_bytes: Option<u64>,
    /// Ticks missed just before this row.
    pub missed: u64,
    /// What read the depth; `None` in older records, where it was the probe.
    #[serde(default)]
    pub source: Option<DepthSource>,
    /// CLOCK_MONOTONIC before the reading: the depth is that of an instant between this one
    /// and `at_ns`. `None` in older records.
    #[serde(default)]
    pub from_ns: Option<u64>,
    /// CLOCK_MONOTONIC before the accept(2) that preceded the reading; only of an accept loop.
    #[serde(default)]
    pub called_ns: Option<u64>,
    /// Connections that the accept loop had taken from the queue when it read the depth.
    #[serde(default)]
    pub taken: Option<u64>,
}

impl TimelineRow {
    /// What read the depth.
    pub fn source(&self) -> DepthSource {
        self.source.unwrap_or(DepthSource::Probe)
    }
}
