//! A row of `timelines/*.csv`.

use serde::{Deserialize, Serialize};

/// A sample of one listener; the first row of an instant also has the counts of
/// sockets by state.
///
/// Rows are ordered by time, on the clock of `attempts/*.csv`; the time stamp is taken
/// after the sample. Only changes have rows, each with the last sample before the change:
/// between two rows of a listener, every sample had the values of the first one, unless
/// ticks were missed. An empty field was not sampled; a depth or count stays valid until
/// the next row that has one. A change of only the socket memory has no row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineRow {
    /// CLOCK_MONOTONIC, nanoseconds.
    pub at_ns: u64,
    /// Number of the listener, from 0, in the order in which they were first observed;
    /// `None` if the port had no listener.
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
}
