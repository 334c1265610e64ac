//! Simulations of a trial.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A simulated trial.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Simulated {
    /// Attempts that the server accepted, including those that were still queued when the
    /// counters were read.
    pub accepted: u64,
    /// Attempts that timed out.
    pub timed_out: u64,
    /// The number of attempts by their SYN retransmissions.
    pub syn_retransmits: BTreeMap<u32, u64>,
    /// `TcpExt.ListenOverflows`.
    pub listen_overflows: u64,
    /// `TcpExt.ListenDrops`.
    pub listen_drops: u64,
    /// The maximum depth of the accept queue.
    pub deepest: u32,
}

impl Simulated {
    /// SYN retransmissions of all attempts together.
    pub fn retransmissions(&self) -> u64 {
        self.syn_retransmits
            .iter()
            .map(|(&times, &attempts)| u64::from(times).saturating_mul(attempts))
            .fold(0, u64::saturating_add)
    }
}

/// A trial whose server accepted evenly while connections waited, simulated at both bounds of
/// the mean time from one accept to the next (`evidence.accept_pace`).
///
/// The trial itself can differ from both: a real server does not accept evenly.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PaceSimulation {
    /// Accepts that were counted for the pace.
    pub accepts: u64,
    /// The least that the mean time from one accept to the next can have been, nanoseconds; 0
    /// if only the other bound is known.
    pub least_ns: f64,
    /// The most that it can have been.
    pub most_ns: f64,
    /// The trial with the least: the fastest server.
    pub fastest: Simulated,
    /// The trial with the most: the slowest server.
    pub slowest: Simulated,
}
