//! The commands and messages of a probe worker.

use serde::{Deserialize, Serialize};
use worker::metrics::{AcceptPace, AcceptQueue, ProbeSummary, TimelineRow};
use worker::{MessageOf, Protocol};

use crate::ledger::Ledger;

/// The protocol of the probe.
#[derive(Debug)]
pub struct ProbeProtocol;

impl Protocol for ProbeProtocol {
    const NAME: &'static str = "probe";
    type Command = ProbeCommand;
    type Response = ProbeResponse;
    type Event = ProbeEvent;
}

/// A line on the probe's standard output.
pub type ProbeMessage = MessageOf<ProbeProtocol>;

/// A command, on the probe's standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum ProbeCommand {
    /// Take a sample. Response: [`ProbeResponse::Status`].
    Status,
    /// Response: [`ProbeResponse::Status`] of the last sample, without taking one,
    /// which would disturb a measurement.
    Latest,
    /// Take a last sample and end with [`ProbeEvent::Done`], as SIGTERM and the
    /// end of standard input do. No response.
    Stop,
}

/// The response to a [`ProbeCommand`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ProbeResponse {
    /// The last sample and totals.
    Status(ProbeStatus),
}

/// An event of the probe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ProbeEvent {
    /// The first sample has been taken.
    Sampling,
    /// The last line.
    Done(Box<ProbeReport>),
}

/// The last sample of a probe, and totals.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProbeStatus {
    /// CLOCK_MONOTONIC of the last sample of the listeners, nanoseconds.
    pub at_ns: u64,
    /// Accept queue of each listener, in the kernel's order.
    pub listeners: Vec<AcceptQueue>,
    /// Maximum of queued connections so far, summed over all listeners.
    pub deepest: u32,
    /// CLOCK_MONOTONIC of the last count of connections, nanoseconds.
    pub connections_at_ns: u64,
    /// The last count of connections.
    pub connections: Connections,
    /// Samples of the listeners so far.
    pub samples: u64,
    /// Ticks missed so far.
    pub missed: u64,
    /// Segments that the listeners dropped themselves so far.
    #[serde(default)]
    pub listener_drops: u64,
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
    /// Memory that TCP uses for sockets in the whole machine.
    pub socket_memory_bytes: u64,
}

/// The result of a probe, from its first sample to its last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ProbeReport {
    /// The summary.
    pub report: ProbeSummary,
    /// The rows; empty unless configured.
    pub timeline: Vec<TimelineRow>,
    /// The ledger, if configured; `None` from an earlier build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<Ledger>,
    /// How fast the server accepted, if a ledger is configured and some connections waited
    /// in two samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_pace: Option<AcceptPace>,
}
