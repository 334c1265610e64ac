//! Metrics of the probe.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Metrics of the probe in the server's host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeSummary {
    /// Time from one tick to the next, seconds.
    pub interval_seconds: f64,
    /// Samples taken.
    pub samples: u64,
    /// Ticks without a sample: the machine was too busy, or the probe had used up
    /// its share of CPU time.
    pub missed: u64,
    /// Samples that also counted sockets by state, which on a large machine costs
    /// more than sampling the listeners.
    pub state_samples: u64,
    /// From the first sample to the last, seconds.
    pub seconds: f64,
    /// CPU time that the probe used meanwhile, seconds.
    pub cpu_seconds: f64,
    /// The listeners, in the order in which they were first observed: another socket on
    /// the same port is another listener.
    pub listeners: Vec<ListenerSummary>,
    /// Maximum of queued connections, summed over all listeners.
    pub deepest: u32,
    /// Sockets by state: `syn_recv` (of the server's port), `established`, `time_wait`,
    /// `fin_wait_2`; only those that were observed.
    pub states: BTreeMap<String, StateSummary>,
    /// Maximum of the memory that TCP used for sockets in the whole machine, bytes.
    pub most_socket_memory: u64,
    /// CLOCK_MONOTONIC, nanoseconds, of the first sample that did not fit into the
    /// trial's timeline: the rows end there, this summary does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline_cut_at_ns: Option<u64>,
}

impl ProbeSummary {
    /// Segments that the listeners dropped themselves, together. `None` without a listener, or
    /// if the drops of one are not known.
    pub fn drops(&self) -> Option<u64> {
        let drops =
            |all: u64, listener: &ListenerSummary| Some(all.saturating_add(listener.drops?));
        let known = self.listeners.iter().try_fold(0, drops);
        known.filter(|_| !self.listeners.is_empty())
    }
}

impl ListenerSummary {
    /// The port that it listens on; `None` in older records.
    pub fn port(&self) -> Option<u16> {
        let address: SocketAddr = self.address.as_deref()?.parse().ok()?;
        Some(address.port())
    }
}

/// The samples of one listener.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListenerSummary {
    /// Its limit in the last sample (Send-Q).
    pub limit: u32,
    /// Maximum of queued connections (Recv-Q).
    pub deepest: u32,
    /// Its earlier limits, in order, if a listen(2) changed it while it was sampled; at
    /// most 16, the latest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_limits: Vec<u32>,
    /// Segments that it dropped itself while it was sampled (`sk_drops`): its part of
    /// `TcpExt.ListenDrops`, and what a socket filter or a full socket backlog dropped.
    /// `None` in older records, or if the kernel does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drops: Option<u64>,
    /// Where it listens; `None` in older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// The samples of one socket state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateSummary {
    /// Maximum of sockets in this state.
    pub most: u32,
    /// Number of periods with sockets in this state; more than 1 if there were samples
    /// without any in between. 0 in older records without this count.
    #[serde(default)]
    pub times: u32,
    /// CLOCK_MONOTONIC just after the first sample with any, nanoseconds.
    pub first_ns: u64,
    /// CLOCK_MONOTONIC just before the last sample with any, nanoseconds: earlier
    /// than `first_ns` if it is the same sample.
    pub last_ns: u64,
    /// CLOCK_MONOTONIC just before the previous sample, which had none;
    /// `None` without such a sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent_before_ns: Option<u64>,
    /// CLOCK_MONOTONIC just after the next sample, which had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent_after_ns: Option<u64>,
    /// Number of sockets in this state in the last sample.
    pub left: u32,
}

impl StateSummary {
    /// How long sockets were in this state, seconds: the midpoint of the bounds from the
    /// surrounding samples. `None` if there was more than one period.
    pub fn duration_seconds(&self) -> Option<f64> {
        if self.times > 1 {
            return None;
        }
        let seconds = |from: u64, to: u64| to.saturating_sub(from) as f64 / 1e9;
        let at_least = seconds(self.first_ns, self.last_ns);
        Some(match (self.absent_before_ns, self.absent_after_ns) {
            (Some(before), Some(after)) => at_least.midpoint(seconds(before, after)),
            _ => at_least,
        })
    }
}
