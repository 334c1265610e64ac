//! The JSON lines that a server part exchanges with whoever started it.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

/// A line on the server's standard input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum ServerCommand {
    /// Begin to accept, when `accept_paused` was set.
    Resume,
    /// Let in the ACKs that `hold_acks` holds, after a listen(2) with
    /// `release_backlog`, where there is one. Answered by
    /// [`ServerEvent::LetIn`], or by [`ServerEvent::Failed`] where it could not
    /// be done or nothing was to be held.
    LetIn,
    /// Answer with [`ServerEvent::Status`].
    Status,
    /// Answer with [`ServerEvent::Report`].
    Report,
    /// End cleanly, as SIGTERM does.
    Stop,
}

/// A line on the server's standard output.
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
    /// The server could not start, or could not do what it was told.
    Failed {
        /// What failed, as a fragment that fits "failed to ...".
        reason: String,
        /// The errno, where a system call failed.
        errno: Option<i32>,
    },
    /// accept(2) has returned a connection. Only said under control and with
    /// SIGPIPE's default disposition: a server that may die at any moment
    /// would take its ledger with it.
    Accepted(AcceptedConnection),
    /// The answer to [`ServerCommand::LetIn`]: no ACK is held any more.
    LetIn,
    /// The answer to [`ServerCommand::Status`]: cheap, no lists.
    Status {
        /// Connections accepted and registered so far.
        accepted: u64,
        /// Client threads alive now.
        threads: u64,
        /// Messages read so far.
        messages_ingested: u64,
        /// Messages written to a client so far.
        deliveries: u64,
    },
    /// The answer to [`ServerCommand::Report`].
    Report(Box<ServerReport>),
    /// The last line: every thread has been joined.
    Stopped(Box<ServerReport>),
}

/// A server's own figures, from its start to the moment of the report.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ServerReport {
    /// Every connection that accept(2) returned, in order.
    pub accepted: Vec<AcceptedConnection>,
    /// accept(2) calls that failed, by errno name.
    pub accept_errors: std::collections::BTreeMap<String, u64>,
    /// Messages read from clients.
    pub messages_ingested: u64,
    /// Messages written whole to a client.
    pub deliveries: u64,
    /// Bytes read from clients, headers included.
    pub bytes_in: u64,
    /// Bytes written to clients, headers included.
    pub bytes_out: u64,
    /// Writes to a client that failed; its connection ends with the first.
    pub failed_writes: u64,
    /// Connections ended because of a malformed header.
    pub protocol_errors: u64,
    /// Monotonic time of the first and last message read, nanoseconds.
    pub ingest_window_ns: Option<(u64, u64)>,
    /// Most client threads alive at once.
    pub most_threads: u64,
    /// Time spent waiting for the registry's lock.
    pub lock_wait: DurationSummary,
    /// Time the registry's lock was held.
    pub lock_hold: DurationSummary,
    /// Resources used by the server's process.
    pub resources: linux_net::ResourceUsage,
}

/// One connection as the server saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedConnection {
    /// The peer's address as accept(2) gave it.
    pub peer: SocketAddr,
    /// CLOCK_MONOTONIC when accept(2) returned, nanoseconds.
    pub at_ns: u64,
}

/// A distribution of durations, in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct DurationSummary {
    /// How many were measured.
    pub count: u64,
    /// Their mean, 0 when there were none.
    pub mean_ns: f64,
    /// 99th percentile.
    pub p99_ns: u64,
    /// The longest.
    pub max_ns: u64,
}
