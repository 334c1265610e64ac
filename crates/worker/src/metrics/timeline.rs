//! A row of `timelines/*.csv`.

use serde::{Deserialize, Serialize};

/// What the probe saw of one listener at one instant, and of everything else at
/// that instant in its first row alone.
///
/// Rows are in the order of time, on the clock of `attempts/*.csv`, stamped when
/// what they say had been looked at. Only what changed is there, with the last
/// look before each change: from one row of a listener to its next, what a row
/// says held at every look, unless ticks were missed. What a row does not say (an
/// empty field) was not looked at then, and a depth or count holds on until the
/// next row that has one. The memory of sockets is no reason for a row.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineRow {
    /// CLOCK_MONOTONIC, nanoseconds.
    pub at_ns: u64,
    /// Which listener, from 0, in the order in which they were first seen; none
    /// where there was none on the port.
    pub listener: Option<u32>,
    /// Connections in its accept queue (Recv-Q); none where it has gone.
    pub depth: Option<u32>,
    /// The queue's limit (Send-Q).
    pub limit: Option<u32>,
    /// Sockets in SYN_RECV on the server's port.
    pub syn_recv: Option<u32>,
    /// Sockets in ESTABLISHED.
    pub established: Option<u32>,
    /// Sockets in TIME_WAIT.
    pub time_wait: Option<u32>,
    /// Sockets in FIN_WAIT_2.
    pub fin_wait_2: Option<u32>,
    /// Memory that TCP had for sockets in the whole machine.
    pub socket_memory_bytes: Option<u64>,
    /// Ticks just before this row at which nothing was looked at.
    pub missed: u64,
}
