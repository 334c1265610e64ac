//! A row of `attempts/*.csv`.

use serde::{Deserialize, Serialize};
use worker::metrics::EndedBy;

use crate::outcome::Outcome;

/// One attempt, joined from the client's and the server's reports. Times are
/// CLOCK_MONOTONIC nanoseconds, the same clock on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRow {
    /// Position in the order of the starts.
    pub index: u32,
    /// The client's address; empty if it never got one.
    pub local: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When connect(2) was called.
    pub start_ns: u64,
    /// The time from `start_ns` to ESTABLISHED at the client.
    pub connect_ns: Option<u64>,
    /// When accept(2) returned it.
    pub accepted_ns: Option<u64>,
    /// When it ended.
    pub end_ns: u64,
    /// SYN retransmissions.
    pub syn_retransmits: Option<u32>,
    /// The errno of its failure.
    pub errno: Option<i32>,
    /// Completely written messages.
    pub messages_written: u32,
    /// Deliveries that arrived.
    pub deliveries: u64,
    /// Who ended it; `None` in older records.
    #[serde(default)]
    pub ended_by: Option<EndedBy>,
    /// Expected answers to its requests; 0 in older records.
    #[serde(default)]
    pub answers: u32,
    /// When the kernel's ledger last showed it without a file, so that no accept(2) had taken
    /// it; `None` without a ledger, if no scan showed it so, and in older records.
    #[serde(default)]
    pub not_accepted_ns: Option<u64>,
    /// When the ledger first showed it with a file: accept(2) had taken it by then. `None` as
    /// above, and of a connection that came and went between two scans.
    #[serde(default)]
    pub accepted_by_ns: Option<u64>,
}
