//! When a sample is due.

use std::time::Duration;

/// Ticks at fixed times, independent of how long the samples take.
#[derive(Debug)]
pub(crate) struct Ticks {
    start_ns: u64,
    interval_ns: u64,
    /// Number of the last tick taken; the first one is 0.
    last: u64,
}

impl Ticks {
    /// Ticks from `start_ns`, which is the first one and is taken.
    pub(crate) fn new(start_ns: u64, interval: Duration) -> Self {
        Self { start_ns, interval_ns: (interval.as_nanos() as u64).max(1), last: 0 }
    }

    /// Time until the tick that is `stride` after the last one; 0 if it has passed.
    pub(crate) fn wait(&self, now_ns: u64, stride: u64) -> Duration {
        let next_ns = self.start_ns + (self.last + stride) * self.interval_ns;
        Duration::from_nanos(next_ns.saturating_sub(now_ns))
    }

    /// Takes the latest tick and returns how many were missed before it; `None` if
    /// there is no new one.
    pub(crate) fn take(&mut self, now_ns: u64) -> Option<u64> {
        let tick = now_ns.saturating_sub(self.start_ns) / self.interval_ns;
        let passed = tick.checked_sub(self.last).filter(|passed| *passed > 0)?;
        self.last = tick;
        Some(passed - 1)
    }

    /// Skips every tick until `now_ns` and returns their number.
    pub(crate) fn skip(&mut self, now_ns: u64) -> u64 {
        self.take(now_ns).map_or(0, |missed| missed + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_ticks_are_missed_and_later_ones_keep_their_times() {
        let mut ticks = Ticks::new(1_000, Duration::from_nanos(100));
        assert_eq!(ticks.wait(1_000, 1), Duration::from_nanos(100));
        assert_eq!(ticks.take(1_099), None);
        assert_eq!(ticks.take(1_130), Some(0));
        assert_eq!(ticks.wait(1_130, 1), Duration::from_nanos(70));
        // 1,200 and 1,300 and 1,400 passed; 1,500 is taken, late.
        assert_eq!(ticks.wait(1_599, 1), Duration::ZERO);
        assert_eq!(ticks.take(1_599), Some(3));
        assert_eq!(ticks.take(1_599), None);
        assert_eq!(ticks.take(1_600), Some(0));
        assert_eq!(ticks.wait(1_600, 2), Duration::from_nanos(200));
        assert_eq!(ticks.take(1_800), Some(1), "skipped ticks are missed, too");
        assert_eq!(ticks.skip(1_850), 0);
        assert_eq!(ticks.skip(2_150), 3);
        assert_eq!(ticks.take(2_199), None, "skipped ticks are taken");
    }
}
