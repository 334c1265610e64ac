//! What one thread of a load used.

use serde::{Deserialize, Serialize};

/// What one thread of a load used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct ThreadUse {
    /// CPU time in the window of the chat ([`LoadReport::chat_window_ns`](crate::LoadReport::chat_window_ns)), without its last
    /// millisecond, seconds.
    pub cpu_seconds: f64,
    /// Time since its start for which it waited for a CPU although it could go on, seconds; none
    /// if the kernel does not count it.
    pub run_delay_seconds: Option<f64>,
}
