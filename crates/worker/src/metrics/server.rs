//! Metrics of the server.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::latency::DurationSummary;
use super::usage::ResourceUsage;

/// Metrics of the server, except for its traffic.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ServerMetrics {
    /// Writes to a client that failed; the first one ends its connection.
    pub failed_writes: u64,
    /// Connections ended because of a malformed header.
    pub protocol_errors: u64,
    /// Failed accept(2) calls by errno name, such as EMFILE: the connection stays in the
    /// accept queue, except after ECONNABORTED. Records of schema version 3 and older also
    /// count here what is now in `thread_errors`.
    pub accept_errors: BTreeMap<String, u64>,
    /// Client threads that could not be started, by errno name of pthread_create(3):
    /// EAGAIN at a limit on threads or without memory for a stack.
    #[serde(default)]
    pub thread_errors: BTreeMap<String, u64>,
    /// Connections that were accepted and closed at once, because their thread could not
    /// be started.
    #[serde(default)]
    pub turned_away: u64,
    /// Maximum of client threads at the same time.
    pub most_threads: u64,
    /// Time spent waiting for the registry's lock.
    pub lock_wait: DurationSummary,
    /// Time the registry's lock was held.
    pub lock_hold: DurationSummary,
    /// Resources used by its process.
    pub usage: ResourceUsage,
    /// Time for which the threads that accept waited for a CPU although they could go on,
    /// seconds, summed; none before they have ended, if the kernel does not count it, and in
    /// records of older builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_run_delay_seconds: Option<f64>,
}
