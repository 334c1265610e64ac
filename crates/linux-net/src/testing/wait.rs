//! Waiting for a condition.

use std::time::{Duration, Instant};

/// Only a hang takes so long.
const TIMEOUT: Duration = Duration::from_secs(240);

/// Polls `condition` until it is true.
///
/// # Panics
/// With `what` after four minutes.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < TIMEOUT, "timeout: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
