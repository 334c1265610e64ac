//! The JSON lines that a probe exchanges with whoever started it.

use run_record::{AcceptQueue, Probed, TimelineRow};
use serde::{Deserialize, Serialize};

/// A line on the probe's standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum ProbeCommand {
    /// Look once more, and answer with [`ProbeEvent::Status`].
    Status,
    /// Answer with [`ProbeEvent::Status`] of what was seen last, without a look of
    /// its own: for whoever asks while something is measured.
    Latest,
    /// Look once more, and end with [`ProbeEvent::Done`]; as SIGTERM and the
    /// end of standard input do.
    Stop,
}

/// A line on the probe's standard output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ProbeEvent {
    /// The first sample has been taken.
    Sampling,
    /// The answer to [`ProbeCommand::Status`] and [`ProbeCommand::Latest`].
    Status(ProbeStatus),
    /// The probe cannot go on, or has been told what is no command.
    Failed {
        /// What failed, as a fragment that fits "failed to ...".
        reason: String,
    },
    /// The last line.
    Done(Box<ProbeReport>),
}

/// What a probe saw last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeStatus {
    /// CLOCK_MONOTONIC of its last look at the listeners, nanoseconds.
    pub at_ns: u64,
    /// The accept queue of each listener there is, in the order in which the
    /// kernel tells them.
    pub listeners: Vec<AcceptQueue>,
    /// The most connections queued at once so far, over all listeners.
    pub deepest: u32,
    /// CLOCK_MONOTONIC of its last look at the connections, nanoseconds.
    pub connections_at_ns: u64,
    /// What that one saw.
    pub connections: Connections,
    /// Looks at the listeners so far.
    pub samples: u64,
    /// Ticks missed so far.
    pub missed: u64,
}

/// Connections of a host by state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connections {
    /// SYN_RECV of the probe's port.
    pub syn_recv: u32,
    /// ESTABLISHED, accepted or not.
    pub established: u32,
    /// TIME_WAIT.
    pub time_wait: u32,
    /// FIN_WAIT_2.
    pub fin_wait_2: u32,
    /// Memory that TCP has for sockets, in the whole machine.
    pub socket_memory_bytes: u64,
}

/// What a probe saw from its first sample to its last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProbeReport {
    /// In short.
    pub report: Probed,
    /// As rows; none unless its configuration asks for them.
    pub timeline: Vec<TimelineRow>,
}
