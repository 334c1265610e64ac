//! Resources used by a process.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Resources used by a process since its start (getrusage, RUSAGE_SELF).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceUsage {
    /// CPU time in user mode, seconds.
    pub user_seconds: f64,
    /// CPU time in the kernel, seconds.
    pub system_seconds: f64,
    /// Context switches because the process waited.
    pub voluntary_switches: u64,
    /// Context switches forced by the scheduler.
    pub involuntary_switches: u64,
}

impl ResourceUsage {
    /// The usage of this process, with all its threads, so far.
    pub fn current() -> Self {
        let usage = getrusage(UsageWho::RUSAGE_SELF).expect("RUSAGE_SELF is always allowed");
        let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
        Self {
            user_seconds: seconds(usage.user_time()),
            system_seconds: seconds(usage.system_time()),
            voluntary_switches: usage.voluntary_context_switches() as u64,
            involuntary_switches: usage.involuntary_context_switches() as u64,
        }
    }

    /// CPU time in user mode and in the kernel, seconds.
    pub fn cpu_seconds(&self) -> f64 {
        self.user_seconds + self.system_seconds
    }
}

/// The largest resident memory of a process, bytes, in the text of its `/proc/PID/status` (VmHWM);
/// `None` if it has none, as a process that has ended.
pub fn most_memory_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_with_work_and_with_waiting() {
        let before = ResourceUsage::current();
        let mut sum = 0u64;
        while ResourceUsage::current().user_seconds < before.user_seconds + 0.01 {
            sum = std::hint::black_box(sum.wrapping_mul(31).wrapping_add(7));
        }
        let start = std::time::Instant::now();
        while ResourceUsage::current().voluntary_switches == before.voluntary_switches {
            assert!(start.elapsed().as_secs() < 20, "blocking is a voluntary switch");
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(ResourceUsage::current().user_seconds > before.user_seconds);
    }

    #[test]
    fn the_memory_of_a_process_is_read() {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        assert!(most_memory_bytes(&status).unwrap() > 1 << 20, "{status}");
        assert_eq!(most_memory_bytes("Name:\tx\nVmHWM:\t    1536 kB\n"), Some(1_572_864));
        let others = "Name:\tbench\nVmPeak:\t  9000 kB\nVmHWM:\t  1024 kB\nVmRSS:\t 10 kB\n";
        assert_eq!(most_memory_bytes(others), Some(1024 * 1024));
        assert_eq!(most_memory_bytes("Name:\tx\nState:\tZ (zombie)\n"), None);
    }
}
