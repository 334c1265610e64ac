//! What is known of a selected listener.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::history::History;
use crate::peer::PeerConnection;

/// What is known of a selected listener, besides [`crate::WatchedListener`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListenerDetails {
    /// Its [`crate::WatchedListener::id`].
    pub id: u64,
    /// Its last minute.
    pub history: History,
    /// Connections of its address, those not accepted first, then by state.
    pub connections: Vec<PeerConnection>,
    /// Connections that are left out of the list.
    pub omitted_connections: u32,
    /// Seconds since the connections were listed; none before the first list.
    pub connections_age_seconds: Option<f64>,
}
