//! What clients may take from the server.

use std::time::Duration;

/// What clients may take from the server. The defaults suit browsers of a few people.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The connections that are open at the same time; a further one gets a 503 and is closed.
    pub connections: usize,
    /// How long a client may take to send the whole head of its first or next request.
    pub head_timeout: Duration,
    /// How long a client may take no data of a response before its connection is closed.
    pub stall_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            head_timeout: Duration::from_secs(10),
            stall_timeout: Duration::from_secs(30),
        }
    }
}
