//! What the kernel showed of a server's accepts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kernel's ledger of accepts: scans of the sockets of the server's port.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerEvidence {
    /// Scans.
    pub scans: u64,
    /// Further scans that failed, and showed nothing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub failed_scans: u64,
    /// The mean length of a scan, seconds.
    pub scan_seconds: f64,
    /// The length of the longest one, seconds: its sockets were read that far apart. 0 in older
    /// records.
    #[serde(default)]
    pub longest_scan_seconds: f64,
    /// The longest time from the start of one to the end of the next one, seconds: what
    /// lasted longer has been seen.
    pub longest_gap_seconds: f64,
    /// Connections that were seen.
    pub connections: u64,
    /// Those that are not kept: the ledger was full.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_kept: u64,
    /// Attempts that had been accepted, as a scan or the server's data shows.
    pub accepted: u64,
    /// Attempts that waited in a queue of the server at the end.
    pub waiting: u64,
    /// Established attempts of which it is not known: their sockets came and went between
    /// two scans.
    pub unknown: u64,
    /// The ledger beside the server's own list of accepts; none without such a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beside_the_list: Option<LedgerAgreement>,
}

/// The ledger beside the server's own list of accepts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerAgreement {
    /// Attempts of which both say the same.
    pub agree: u64,
    /// Attempts of which they say what cannot both be true.
    pub contradict: u64,
    /// The first of those, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
