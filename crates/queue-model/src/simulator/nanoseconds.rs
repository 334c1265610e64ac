//! Durations as the simulator counts time.

use std::time::Duration;

/// A duration in nanoseconds, saturating.
pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
