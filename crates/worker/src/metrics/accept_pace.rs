//! How fast a server accepts, as the kernel shows it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How fast a server accepted while connections waited, from samples of its host: what had
/// been established between two samples and is no longer queued has been accepted. It needs
/// no list of accepts, and counts connections of any length.
///
/// It is of accepts before which the queue cannot have been empty: those of the connections
/// that waited at the sample before. All listeners of the port are one server, and a
/// connection to another port of the host counts, wrongly, as one more.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AcceptPace {
    /// Connections that were accepted so.
    pub accepted: u64,
    /// How long that took, seconds.
    pub seconds: f64,
    /// CLOCK_MONOTONIC at the beginning of the first of these periods, nanoseconds.
    pub from_ns: u64,
    /// At the end of the last one.
    pub until_ns: u64,
    /// Parts of that time: most have at least 10 accepts, or 10 samples.
    pub parts: u64,
    /// `seconds` ÷ `accepted`, nanoseconds: from one accept to the next.
    pub mean_ns: f64,
    /// The least that it can have been: samples are not instants.
    pub least_ns: f64,
    /// The most that it can have been.
    pub most_ns: f64,
    /// Of the means of the parts, each with the weight of its accepts: the 10th percentile,
    /// nanoseconds.
    pub p10_ns: u64,
    /// The median.
    pub p50_ns: u64,
    /// The 90th percentile.
    pub p90_ns: u64,
}

impl AcceptPace {
    /// Fewer accepts are no pace.
    pub const MIN_ACCEPTS: u64 = 10;

    /// Whether its bounds are within a factor of 2: the samples were frequent enough for
    /// this server.
    pub fn is_known(&self) -> bool {
        self.least_ns > 0.0 && self.most_ns <= 2.0 * self.least_ns
    }
}
