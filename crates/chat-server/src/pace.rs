//! Whether a client takes what is written to it fast enough.

use std::time::Duration;

/// A client that takes less than this while writes wait for it is too slow, bytes per second.
const LEAST_RATE: f64 = 1024.0;

/// Writes to a client since the last time that its rate was judged.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// How long writes have waited for it.
    waited: Duration,
    /// What its socket has taken, bytes.
    taken: u64,
}

impl Pace {
    pub(crate) fn add_wait(&mut self, time: Duration) {
        self.waited += time;
    }

    pub(crate) fn add_taken(&mut self, bytes: u64) {
        self.taken += bytes;
    }

    /// Whether it has taken too little, once writes have waited for `write_timeout` in total: one
    /// that reads a byte now and then is never waited for that long at once. 0 is endless.
    pub(crate) fn is_too_slow(&mut self, write_timeout: Duration) -> bool {
        if write_timeout.is_zero() || self.waited < write_timeout {
            return false;
        }
        let Self { waited, taken } = std::mem::take(self);
        (taken as f64) < waited.as_secs_f64() * LEAST_RATE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_judged_each_time_that_writes_have_waited_for_the_timeout() {
        let timeout = Duration::from_secs(2);
        let mut pace = Pace::default();
        for taken in [2048, 2047] {
            pace.add_wait(timeout / 2);
            assert!(!pace.is_too_slow(timeout), "too early");
            pace.add_taken(taken);
            pace.add_wait(timeout / 2);
            assert_eq!(pace.is_too_slow(timeout), taken < 2048);
        }
        pace.add_wait(timeout);
        assert!(!pace.is_too_slow(Duration::ZERO), "it is endless");
    }
}
