//! The wall clock.

use jiff::Timestamp;

/// The time of the wall clock, for names and records. It may be set back or forward at any
/// time, so nothing is computed from it: durations are of the monotonic clock, and the order of
/// runs is that of their names.
#[expect(clippy::disallowed_methods, reason = "this is the only use of the wall clock")]
pub fn wall_time() -> Timestamp {
    Timestamp::now()
}
