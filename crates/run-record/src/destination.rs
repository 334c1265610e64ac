//! What happened at one destination of a load.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use worker::metrics::{AcceptQueue, LatencySummary};

use crate::outcome::OutcomeCounts;

/// One destination of a load that has several. The sums over all of them are those of the trial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DestinationRecord {
    /// The address to which its attempts went.
    #[schemars(with = "String")]
    pub address: SocketAddr,
    /// Attempts that went there.
    pub attempts: u64,
    /// How they ended.
    pub outcomes: OutcomeCounts,
    /// Those that ended `ok` without any SYN retransmission.
    pub ok_first_try: u64,
    /// Their number by their SYN retransmissions.
    pub syn_retransmits: BTreeMap<u32, u64>,
    /// From connect(2) to ESTABLISHED, only established attempts.
    pub connect_latency: LatencySummary,
    /// From a request's intended start to the end of its answer, only expected answers.
    #[serde(default)]
    pub response_latency: LatencySummary,
    /// The accept queue of its port when every attempt was decided; if several listeners share
    /// the port, the sum of their depths, with the largest of their limits. None for a standalone
    /// load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accept_queue: Option<AcceptQueue>,
    /// The sockets that listened on its port, each with a queue of its own: those that the probe
    /// saw. None without a probe, and in older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listeners: Option<u32>,
    /// The deepest accept queue of a listener of its port that the probe sampled; none without
    /// a probe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deepest: Option<u32>,
    /// Segments that the listeners of its port dropped themselves (`sk_drops`); none without a
    /// probe, or if a kernel does not show them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drops: Option<u64>,
}

impl DestinationRecord {
    /// `ok` ÷ attempts.
    pub fn success_rate(&self) -> f64 {
        self.outcomes.get(crate::outcome::Outcome::Ok) as f64 / self.attempts.max(1) as f64
    }

    /// The accept queue of its only listener when every attempt was decided; none if several
    /// listeners share the port, or their number is not known.
    pub fn only_queue(&self) -> Option<AcceptQueue> {
        self.accept_queue.filter(|_| self.listeners == Some(1))
    }

    /// Connections that the accept queue of its only listener can hold, one more than its limit;
    /// none if that is not known. The kernel spreads clients over several listeners by a hash, so
    /// the sum of their capacities is not what they hold.
    pub fn capacity(&self) -> Option<u64> {
        self.only_queue().map(|queue| u64::from(queue.limit) + 1)
    }

    /// The most connections that were seen in the accept queue of one listener: by the probe, or
    /// when every attempt was decided.
    pub fn most_queued(&self) -> Option<u32> {
        self.deepest.max(self.only_queue().map(|queue| queue.depth))
    }
}
