//! What a standalone load knows about its attempts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a standalone load knows: the client's side, and of the server's side what the
/// kernel shows in the load's own network namespace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StandaloneView {
    /// A listener of the target is in the load's network namespace.
    pub listener_here: bool,
    /// Attempts that were established at the client, those to itself left out.
    pub connected: u64,
    /// Of those connected, those that were done as planned at the client.
    pub finished: u64,
    /// Attempts that were not: neither `ok`, nor `unconfirmed` and finished.
    pub failed: u64,
    /// Of those connected, those that the peer closed before they were done.
    pub closed_by_peer: u64,
    /// Of those connected, those on which data or an end of file arrived.
    pub answered: u64,
    /// Of those connected, those that a program at the server is known to have accepted: it
    /// sent data or an end of file, or its socket was seen.
    pub accepted: u64,
    /// Of those connected, those still in the listener's accept queue after the load: no
    /// accept(2) has taken them.
    pub queued: u64,
    /// Of those connected, those that the server still has in SYN_RECV after the load: it
    /// dropped the last ACK of the handshake, for example for a full accept queue.
    pub half_open: u64,
    /// Of those connected, those of which the acceptance is not known.
    pub unknown: u64,
}
