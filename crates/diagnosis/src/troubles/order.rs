//! The order of listeners.

use std::cmp::Reverse;

use watch_record::{Severity, WatchedListener};

/// Sorts listeners: those in most trouble first, then those that dropped most in the last
/// minute, then those whose queue was fullest in it, then by address.
///
/// Drops are compared by their number of digits, and queues by quarters of what they hold, so
/// that rows with similar figures stay where they are.
pub(super) fn sort(listeners: &mut [WatchedListener]) {
    listeners.sort_by_cached_key(|listener| {
        let rank = (severity(listener), drops(listener), quarters(listener));
        (Reverse(rank), listener.address, listener.namespace, listener.id)
    });
}

fn severity(listener: &WatchedListener) -> Option<Severity> {
    listener.troubles.iter().map(|trouble| trouble.severity).max()
}

/// Digits of the number of drops in the last minute.
fn drops(listener: &WatchedListener) -> Option<u32> {
    let drops = listener.seconds.iter().map(|second| second.drops);
    drops.fold(0, u64::saturating_add).checked_ilog10()
}

/// Quarters of the queue that were full in the last minute.
fn quarters(listener: &WatchedListener) -> u64 {
    let holds = u64::from(listener.limit) + 1;
    listener.peak_last_minute.depth(listener.limit).saturating_mul(4) / holds
}
