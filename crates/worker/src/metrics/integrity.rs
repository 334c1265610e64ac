//! Errors in the delivered messages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Errors in the delivered messages; all 0 if every message arrived once, in order
/// and unaltered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Integrity {
    /// Messages missing before a later one that arrived, at a client that was
    /// already registered when they were written: also those that the server dropped because
    /// its settings say so ([`ServerMetrics::dropped`](super::ServerMetrics::dropped)).
    /// Messages missing at the end of the load are counted as undelivered.
    pub lost: u64,
    /// Messages that arrived at a client a second time.
    pub doubled: u64,
    /// Messages that arrived after a later one of the same sender.
    pub reordered: u64,
    /// Messages that came back to their sender.
    pub echoed: u64,
    /// Messages that no client of this load sent, or that were altered.
    pub foreign: u64,
    /// Streams that ended because of a malformed header.
    pub broken_streams: u64,
}
