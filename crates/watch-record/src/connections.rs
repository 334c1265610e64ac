//! The connections of an address, by state.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The connections to an address at the last walk of all sockets.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionCounts {
    /// Seconds since that walk.
    pub age_seconds: f64,
    /// Half-open: the last ACK of the handshake has not come, or was dropped.
    pub syn_recv: u32,
    /// Not accepted: ESTABLISHED or CLOSE_WAIT, and no process has a file for them. Nearly the
    /// depth of the accept queue, which is read at another instant.
    pub not_accepted: u32,
    /// How long the oldest of these whose age is known has been established, seconds; none if
    /// there is none. Right after many have come, some ages are not known for a few walks.
    pub oldest_not_accepted_seconds: Option<f64>,
    /// Established and accepted.
    pub established: u32,
    /// Closed by the client, not by the process: accepted or not.
    pub close_wait: u32,
    /// Of these, those that are not accepted: no process can close them yet.
    pub close_wait_not_accepted: u32,
    /// Closed, and kept by the kernel so that late segments harm no later connection.
    pub time_wait: u32,
    /// In any other state of closing.
    pub closing: u32,
    /// Connections first seen as accepted since the walk before, per second: a lower bound of
    /// the rate of accept(2), because one that came and went between two walks is not seen.
    /// None before two walks that are about a second or more apart.
    pub accepted_per_second_at_least: Option<f64>,
    /// Growth of the accepted ones in CLOSE_WAIT over the last minute, or since the watch began.
    pub close_wait_growth: i64,
    /// Seconds over which `close_wait_growth` was observed.
    pub close_wait_growth_seconds: f64,
    /// From no walk to the next of that time did their number decrease.
    pub close_wait_only_grew: bool,
}
