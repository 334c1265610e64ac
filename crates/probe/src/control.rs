//! The commands and messages of a probe worker.

use serde::{Deserialize, Serialize};
use worker::metrics::{AcceptQueue, ProbeSummary, TimelineRow};
use worker::{MessageOf, Protocol};

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
    pub report: ProbeSummary,
    /// As rows; none unless its configuration asks for them.
    pub timeline: Vec<TimelineRow>,
}
