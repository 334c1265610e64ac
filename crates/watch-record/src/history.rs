//! The depth of a queue over time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A second of a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Second {
    /// The deepest queue that was seen; 0 without a look.
    pub deepest: u32,
    /// Looks in this second.
    pub looks: u32,
    /// The listener's drops, by the looks of this second.
    pub drops: u64,
    /// As [`crate::Peak::was_full`].
    pub was_full: bool,
}

/// A look at which a listener's depth or drops differed from the look before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DepthChange {
    /// When, nanoseconds of the monotonic clock.
    pub at_ns: u64,
    /// The look before it, nanoseconds; the change happened between the two.
    pub after_ns: u64,
    /// Connections in the accept queue.
    pub depth: u32,
    /// The listener's drops since the watch began.
    pub drops: u64,
}

/// The last minute of a listener, as detailed as it was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// The changes, the oldest first; the first is the state with which the history begins.
    pub changes: Vec<DepthChange>,
    /// The last look, nanoseconds of the monotonic clock: nothing changed from the last change
    /// to this.
    pub last_look_ns: u64,
    /// The longest time between two looks, nanoseconds.
    pub longest_gap_ns: u64,
    /// Changes that were discarded because there were too many, although they were of the last
    /// minute.
    pub discarded: u64,
}
