//! A connection of a listener.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A connection of a listener, with figures of TCP_INFO.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PeerConnection {
    /// The client's address.
    pub peer: SocketAddr,
    /// Its state in words of `ss`: SYN-RECV, ESTAB, CLOSE-WAIT, …
    pub state: String,
    /// Whether accept(2) has taken it.
    pub is_accepted: bool,
    /// Bytes that the process has not read.
    pub unread_bytes: u32,
    /// Bytes that the client has not acknowledged.
    pub unacknowledged_bytes: u32,
    /// Smoothed round trip time, seconds; none while there is none.
    pub round_trip_seconds: Option<f64>,
    /// Segments retransmitted; none in states without TCP_INFO.
    pub retransmits: Option<u32>,
    /// Since data was last sent, seconds. Of a connection that is not accepted, since it was
    /// established (`lsndtime` is set in `tcp_create_openreq_child`, net/ipv4/tcp_minisocks.c).
    pub last_sent_seconds: Option<f64>,
    /// Since data last arrived, seconds, or since it was established.
    pub last_received_seconds: Option<f64>,
}
