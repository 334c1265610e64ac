//! Waits until the machine is idle, for work that is not part of a trial.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Duration of a sample.
const SAMPLE_INTERVAL: Duration = Duration::from_millis(50);
/// Number of consecutive samples that must find the machine idle, because a trial may pause
/// briefly between two events.
const IDLE_SAMPLES: u32 = 3;
/// Minimum share of all CPUs' time that must be idle.
const IDLE_SHARE: f64 = 0.75;

/// Waits until the machine is idle; false if it was cancelled before.
pub(super) fn wait_until_idle(cancelled: &AtomicBool) -> bool {
    let mut before = CpuTime::now();
    let mut idle_samples = 0;
    while idle_samples < IDLE_SAMPLES {
        std::thread::sleep(SAMPLE_INTERVAL);
        if cancelled.load(Ordering::Relaxed) {
            return false;
        }
        let now = CpuTime::now();
        let idle =
            before.zip(now).is_some_and(|(before, now)| now.idle_share(&before) >= IDLE_SHARE);
        idle_samples = if idle { idle_samples + 1 } else { 0 };
        before = now;
    }
    true
}

/// CPU time of all CPUs since the start of the machine, in clock ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct CpuTime {
    total: u64,
    idle: u64,
}

impl CpuTime {
    fn now() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/stat").ok()?)
    }

    fn parse(stat: &str) -> Option<Self> {
        let fields = stat.lines().next()?.strip_prefix("cpu ")?.split_whitespace();
        // user, nice, system, idle, iowait, irq, softirq, steal; the others are included
        // in the first two.
        let ticks: Vec<u64> = fields.take(8).map_while(|field| field.parse().ok()).collect();
        let idle = ticks.get(3)? + ticks.get(4)?;
        Some(Self { total: ticks.iter().sum(), idle })
    }

    fn idle_share(&self, before: &Self) -> f64 {
        let total = self.total.saturating_sub(before.total);
        let idle = self.idle.saturating_sub(before.idle);
        if total == 0 { 0.0 } else { idle as f64 / total as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_of_the_total_time() {
        let before = CpuTime::parse("cpu  10 0 10 100 0 0 0 0 5 5\ncpu0 1 1\n").unwrap();
        assert_eq!(before, CpuTime { total: 120, idle: 100 });
        let after = CpuTime::parse("cpu  12 0 10 106 2 0 0 0 9 9\n").unwrap();
        assert!((after.idle_share(&before) - 0.8).abs() < 1e-9);
        assert!(before.idle_share(&before) < IDLE_SHARE, "no time has passed");
        assert!(CpuTime::now().is_some());
    }

    #[test]
    fn a_cancelled_wait_ends_immediately() {
        assert!(!wait_until_idle(&AtomicBool::new(true)));
    }
}
