//! The accept queue of a listener.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An accept queue, as inet_diag reports it for a LISTEN socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AcceptQueue {
    /// Queued connections (Recv-Q).
    pub depth: u32,
    /// The limit in force, min(backlog, somaxconn) (Send-Q).
    pub limit: u32,
}
