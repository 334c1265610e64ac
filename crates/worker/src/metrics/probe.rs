//! What the probe saw of a host's queues.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the probe saw in the server's host.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeSummary {
    /// Time from one tick to the next, seconds.
    pub interval_seconds: f64,
    /// Samples taken.
    pub samples: u64,
    /// Ticks at which none was: the machine was too busy for it, or the probe
    /// had used its share of CPU time.
    pub missed: u64,
    /// Those of the samples that counted sockets by state, which on a large
    /// machine costs more than a look at the listeners.
    pub state_samples: u64,
    /// From the first sample to the last, seconds.
    pub seconds: f64,
    /// CPU time that the probe used meanwhile, seconds.
    pub cpu_seconds: f64,
    /// The listeners, in the order in which they were first seen: another socket
    /// on the same port is another listener.
    pub listeners: Vec<ListenerSummary>,
    /// The most connections queued at once, over all listeners.
    pub deepest: u32,
    /// Sockets by state: `syn_recv` (of the server's port), `established`,
    /// `time_wait`, `fin_wait_2`; only those that were seen.
    pub states: BTreeMap<String, StateSummary>,
    /// The most memory that TCP had for sockets at once, in the whole machine,
    /// bytes.
    pub most_socket_memory: u64,
    /// CLOCK_MONOTONIC, nanoseconds, of the first sample that the trial's
    /// timeline, where one was asked for, had no room for: its rows end there,
    /// but not what stands here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeline_cut_at_ns: Option<u64>,
}

/// A listener, as the probe saw it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListenerSummary {
    /// Its limit when it was last seen (Send-Q).
    pub limit: u32,
    /// The most connections queued at once (Recv-Q).
    pub deepest: u32,
}

/// A state that sockets were seen in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateSummary {
    /// The most at once.
    pub most: u32,
    /// How often it was seen to come: more than 1 where samples without any lay
    /// between others with some. 0 in a record made before this was counted.
    #[serde(default)]
    pub times: u32,
    /// CLOCK_MONOTONIC just after the first sample with any, nanoseconds.
    pub first_ns: u64,
    /// CLOCK_MONOTONIC just before the last sample with any, nanoseconds: earlier
    /// than `first_ns` where that is the same sample.
    pub last_ns: u64,
    /// CLOCK_MONOTONIC just before the sample before `first_ns`, which had none;
    /// none where there was no such sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent_before_ns: Option<u64>,
    /// CLOCK_MONOTONIC just after the sample after `last_ns`, which had none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub absent_after_ns: Option<u64>,
    /// Of the last sample of all: how many were still there.
    pub left: u32,
}

impl StateSummary {
    /// For how long sockets were seen in the state, seconds: between what it was
    /// at least and at most, where the samples around tell. None where it came
    /// more than once: what lies between first and last has gaps then.
    pub fn stood_seconds(&self) -> Option<f64> {
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
