//! A row of `attempts/*.csv`.

use serde::{Deserialize, Serialize};

use crate::Outcome;

/// One attempt, joined from the client's and the server's ledgers. Times are
/// CLOCK_MONOTONIC nanoseconds, the same clock on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRow {
    /// Position in the order of the starts.
    pub index: u32,
    /// The client's address, empty where it never got one.
    pub local: String,
    /// How it ended.
    pub outcome: Outcome,
    /// connect(2) was called.
    pub start_ns: u64,
    /// From `start_ns` to ESTABLISHED at the client.
    pub connect_ns: Option<u64>,
    /// accept(2) returned it.
    pub accepted_ns: Option<u64>,
    /// It was over.
    pub end_ns: u64,
    /// SYN retransmissions.
    pub syn_retransmits: Option<u32>,
    /// The errno of its failure.
    pub errno: Option<i32>,
    /// Messages written whole.
    pub messages_written: u32,
    /// Deliveries that arrived.
    pub deliveries: u64,
}
