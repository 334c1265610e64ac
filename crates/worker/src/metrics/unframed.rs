//! Data that is not what the dialogue of the load has.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Data from the peer that is not in the load's framing, such as the answer of an HTTP
/// server, or not the answer that the load's dialogue expects.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnframedAnswer {
    /// Connections whose first data was not in the framing, or with an unexpected answer.
    pub connections: u64,
    /// The first bytes of the first such data, at most 64, as in a byte string of
    /// Rust: `HTTP/1.0 400 Bad request\r\n`.
    pub start: String,
}
