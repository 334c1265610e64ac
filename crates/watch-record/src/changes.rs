//! What changed since an earlier moment.

use serde::{Deserialize, Serialize};

use crate::history::DepthChange;
use crate::listener::WatchedListener;

/// What changed since an earlier moment, at full resolution: what a recorder adds to snapshots
/// that are a second apart. All times are nanoseconds of the monotonic clock.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Changes {
    /// When the watch began.
    pub began_ns: u64,
    /// What follows is of after this moment …
    pub since_ns: u64,
    /// … up to this one.
    pub until_ns: u64,
    /// The listeners that changed, also those that have closed since.
    pub listeners: Vec<ListenerChanges>,
    /// The listeners that closed, the oldest first.
    pub closed: Vec<ClosedListener>,
    /// Listeners that closed and were discarded, because too many closed at about that time.
    pub discarded_closed: u64,
    /// Times in which no look was made although several were due, the oldest first.
    pub gaps: Vec<LookGap>,
}

/// The changes of a listener.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ListenerChanges {
    /// Its [`crate::WatchedListener::id`].
    pub id: u64,
    /// The changes, the oldest first. The first one of a listener that was first seen in this
    /// time is the state in which it was seen: its `after_ns` is its `at_ns`.
    pub changes: Vec<DepthChange>,
    /// Looks before which the queue was full: as [`crate::Peak::was_full`], between this look and
    /// the one before.
    pub full_ns: Vec<u64>,
    /// Changes before the first of these are missing: there were too many to keep, or they are
    /// of more than a minute ago.
    pub is_cut: bool,
}

/// A listener that has closed, or whose namespace is gone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClosedListener {
    /// Its state at the last look.
    pub listener: WatchedListener,
    /// The last look at which it was there.
    pub last_look_ns: u64,
    /// The first look at which it was not.
    pub gone_ns: u64,
}

/// A time without a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LookGap {
    /// The look before it.
    pub from_ns: u64,
    /// The look that ended it.
    pub to_ns: u64,
}
