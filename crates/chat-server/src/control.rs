//! The commands and messages of a server worker.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use worker::metrics::{ClientLimit, ClosedBecause, ServerMetrics};
use worker::{MessageOf, Protocol};

/// The protocol of the server.
#[derive(Debug)]
pub struct ServerProtocol;

impl Protocol for ServerProtocol {
    const NAME: &'static str = "server";
    type Command = ServerCommand;
    type Response = ServerResponse;
    type Event = ServerEvent;
}

/// A line on the server's standard output.
pub type ServerMessage = MessageOf<ServerProtocol>;

/// A command, on the server's standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum ServerCommand {
    /// Start to accept if `accept_paused` is set. No response.
    Resume,
    /// Let in the ACKs that `hold_acks` holds back, after a listen(2) with
    /// `release_backlog` if set. Response: [`ServerResponse::LetIn`]; a failure if
    /// it is impossible or `hold_acks` is not set.
    LetIn,
    /// Read the depth of the accept queue after each accept(2) from now on, for the report.
    /// Response: [`ServerResponse::ReadingDepths`].
    ReadDepths,
    /// Response: [`ServerResponse::Status`].
    Status,
    /// Response: [`ServerResponse::Report`].
    Report,
    /// End cleanly, as on SIGTERM. No response; the last event is
    /// [`ServerEvent::Stopped`].
    Stop,
}

/// The response to a [`ServerCommand`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ServerResponse {
    /// No ACK is held back any longer.
    LetIn,
    /// The depth is read after each accept(2).
    ReadingDepths,
    /// Totals so far.
    Status(ServerStatus),
    /// Everything so far.
    Report(Box<ServerReport>),
}

/// An event of the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ServerEvent {
    /// listen(2) has returned.
    Listening {
        /// The address bound, its port resolved.
        address: SocketAddr,
        /// The process.
        pid: u32,
    },
    /// accept(2) has returned a connection. Sent only if the server is controlled
    /// and SIGPIPE has its default disposition: a server that may die at any
    /// moment would take its list of connections with it.
    Accepted(AcceptedConnection),
    /// The last line: every thread has been joined.
    Stopped(Box<ServerReport>),
}

/// Totals of a running server, cheap to compute.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerStatus {
    /// Connections accepted so far, and registered unless they were turned away.
    pub accepted: u64,
    /// Clients that have not left.
    pub clients: u64,
    /// Messages read so far.
    pub messages_ingested: u64,
    /// Messages written to a client so far.
    pub deliveries: u64,
}

/// Clients that a running server could not accept or serve, or has given up; cheap to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientFailures {
    /// As [`ServerMetrics::accept_errors`].
    pub accept_errors: BTreeMap<String, u64>,
    /// As [`ServerMetrics::thread_errors`].
    pub thread_errors: BTreeMap<String, u64>,
    /// As [`ServerMetrics::closed`].
    pub closed: BTreeMap<ClosedBecause, u64>,
    /// As [`ServerMetrics::client_limit`].
    pub client_limit: ClientLimit,
}

/// What a server has measured since its start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerReport {
    /// The connections that accept(2) returned, in order: all of them, up to a million or
    /// what there is memory for.
    pub accepted: Vec<AcceptedConnection>,
    /// Depths of the accept queues, in the order of time, if they were read: all of them, up to
    /// [`MAX_TIMELINE_ROWS`](worker::metrics::MAX_TIMELINE_ROWS) or what there is memory for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depths: Vec<DepthReading>,
    /// The number of all connections that accept(2) returned.
    #[serde(default)]
    pub connections: u64,
    /// Messages read from clients.
    pub messages_ingested: u64,
    /// Messages written completely to a client.
    pub deliveries: u64,
    /// Bytes read from clients, headers included.
    pub bytes_in: u64,
    /// Bytes written to clients, headers included.
    pub bytes_out: u64,
    /// CLOCK_MONOTONIC of the first and last message read, nanoseconds.
    pub ingest_window_ns: Option<(u64, u64)>,
    /// Metrics of the server itself.
    #[serde(flatten)]
    pub metrics: ServerMetrics,
}

/// One connection, as observed by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedConnection {
    /// The peer's address as accept(2) returned it.
    pub peer: SocketAddr,
    /// CLOCK_MONOTONIC when accept(2) returned, nanoseconds.
    pub at_ns: u64,
}

/// The depth of an accept queue after an accept(2), read by the thread that called it: the
/// only one that takes connections from this queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepthReading {
    /// The listener, from 0.
    pub listener: u32,
    /// CLOCK_MONOTONIC before accept(2) was called, nanoseconds.
    pub called_ns: u64,
    /// When it had returned, before the reading.
    pub from_ns: u64,
    /// After the reading.
    pub to_ns: u64,
    /// Connections that accept(2) had taken from this queue.
    pub taken: u64,
    /// Connections in the queue.
    pub depth: u32,
    /// The queue's limit.
    pub limit: u32,
}
