//! How the figures were obtained, and at what cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the figures were obtained, and at what cost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Effort {
    /// Requested time from one look at the listeners to the next, seconds.
    pub interval_seconds: f64,
    /// The median of the last looks, seconds; the requested one if nothing slows it.
    pub achieved_interval_seconds: f64,
    /// Looks at the listeners since the watch began.
    pub looks: u64,
    /// Looks that were due and not made, for their cost or because this process had no CPU.
    pub missed_looks: u64,
    /// Walks of all sockets since the watch began.
    pub walks: u64,
    /// CPU time of the last walk, seconds.
    pub walk_cost_seconds: f64,
    /// Time from one walk to the next, seconds.
    pub walk_interval_seconds: f64,
    /// CPU time of this process since the watch began, 1 for one CPU.
    pub cpu_share: f64,
    /// CPU time of this process in the last 10 seconds, 1 for one CPU.
    pub recent_cpu_share: f64,
    /// The share that it may use.
    pub max_cpu_share: f64,
}

/// Something that could not be seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Unseen {
    /// What.
    pub what: String,
    /// Why, and what would help.
    pub why: String,
}
