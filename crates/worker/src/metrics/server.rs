//! Metrics of the server.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::closed_because::ClosedBecause;
use super::latency::DurationSummary;
use super::usage::ResourceUsage;

/// Metrics of the server, except for its traffic.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerMetrics {
    /// Writes to a client that failed; the first one ends its connection.
    pub failed_writes: u64,
    /// Connections ended because of a malformed header.
    pub protocol_errors: u64,
    /// Messages that were not written to a client because its queue was full, once for each
    /// client (`server.when_full: drop_message`); none in records of older builds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub dropped: u64,
    /// Failed accept(2) calls by errno name, such as EMFILE: the connection stays in the
    /// accept queue, except after ECONNABORTED. Records of schema version 3 and older also
    /// count here what is now in `thread_errors`.
    pub accept_errors: BTreeMap<String, u64>,
    /// Client threads that could not be started, by errno name of pthread_create(3):
    /// EAGAIN at a limit on threads or without memory for a stack.
    #[serde(default)]
    pub thread_errors: BTreeMap<String, u64>,
    /// Connections that were accepted and closed at once, because as many clients as possible
    /// were served or a thread could not be started.
    #[serde(default)]
    pub turned_away: u64,
    /// Clients that the server closed because it could not serve them any longer, by cause;
    /// with those that were turned away.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub closed: BTreeMap<ClosedBecause, u64>,
    /// How many clients it could serve at once; none in records of older builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_limit: Option<ClientLimit>,
    /// The most clients served at the same time.
    #[serde(default, alias = "most_threads")]
    pub most_clients: u64,
    /// Time spent waiting for the registry's lock.
    pub lock_wait: DurationSummary,
    /// Time the registry's lock was held.
    pub lock_hold: DurationSummary,
    /// Of these, the holds to broadcast a message: with design `global-lock` of its writes to all
    /// clients, with `sharded` of those to one shard, with `snapshot` of the copy of the list,
    /// with `writer-queues` of putting it into all queues; none with `event-loop`, and in records
    /// of older builds.
    #[serde(default)]
    pub message_hold: DurationSummary,
    /// Time that writes waited for their client to read, of those that had to; none of them in
    /// records of older builds.
    #[serde(default)]
    pub write_wait: DurationSummary,
    /// What deliveries cost; none if no message came, and in records of older builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_cost: Option<DeliveryCost>,
    /// The largest resident memory of its process (VmHWM), bytes; none in records of older builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_memory_bytes: Option<u64>,
    /// Resources used by its process.
    pub usage: ResourceUsage,
    /// Time for which the threads that accept waited for a CPU although they could go on,
    /// seconds, summed; none before they have ended, if the kernel does not count it, and in
    /// records of older builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_run_delay_seconds: Option<f64>,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// The CPU time of the server's process from the first message that it read until the first client
/// left after it, or it reported: without what clients cost that come before and leave after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeliveryCost {
    /// CPU time, seconds.
    pub cpu_seconds: f64,
    /// Deliveries meanwhile.
    pub deliveries: u64,
}

impl DeliveryCost {
    /// CPU time of a delivery, seconds; `None` if there was none.
    pub fn seconds_each(&self) -> Option<f64> {
        (self.deliveries > 0).then(|| self.cpu_seconds / self.deliveries as f64)
    }
}

/// The clients that a server serves at once, at most.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClientLimit {
    /// Their number.
    pub clients: u64,
    /// What it comes from: `server.max_clients`, or a limit of the machine that leaves room for
    /// fewer, such as RLIMIT_NOFILE.
    pub limit: String,
}
