//! Kills a program that uses more than its limits.

use std::fs;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::processes::{self, Usage};

/// Time between two looks: a process that grows by a gigabyte a second exceeds its limit by
/// at most some 50 MiB.
const INTERVAL: Duration = Duration::from_millis(50);

const MIB: u64 = 1 << 20;

/// The memory of a program without a limit of its own, bytes: half of what is available on this
/// machine.
pub fn default_memory_bytes() -> u64 {
    let available = fs::read_to_string("/proc/meminfo").ok().and_then(|info| {
        let line = info.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    });
    available.map_or(1 << 30, |kib| kib * 1024 / 2)
}

/// What all processes of a program may use together.
#[derive(Debug, Clone)]
pub(crate) struct Watchdog {
    pub(crate) processes: u64,
    pub(crate) memory_bytes: u64,
    /// Why it killed the program.
    pub(crate) killed: Arc<Mutex<Option<String>>>,
}

impl Watchdog {
    /// Watches for ever, in a thread of the process that ends with the program.
    pub(crate) fn run(&self) {
        while let Some(usage) = processes::usage() {
            if let Some(reason) = self.excess(usage) {
                self.killed.lock().expect("never poisoned").get_or_insert(reason);
                processes::signal_all(Signal::SIGKILL);
            }
            std::thread::sleep(INTERVAL);
        }
    }

    fn excess(&self, usage: Usage) -> Option<String> {
        if usage.processes > self.processes {
            return Some(format!(
                "it had {} processes; its limit is {} (server.command.limits.processes)",
                usage.processes, self.processes
            ));
        }
        (usage.memory_bytes > self.memory_bytes).then(|| {
            format!(
                "its processes used {} MiB of memory; its limit is {} MiB \
                 (server.command.limits.memory_mib)",
                usage.memory_bytes / MIB,
                self.memory_bytes / MIB
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_excess_is_a_reason() {
        let watchdog = Watchdog { processes: 3, memory_bytes: 10 * MIB, killed: Arc::default() };
        let of = |processes, memory_bytes| watchdog.excess(Usage { processes, memory_bytes });
        assert_eq!(of(3, 10 * MIB), None);
        assert!(of(4, 0).unwrap().starts_with("it had 4 processes; its limit is 3"));
        assert!(of(1, 11 * MIB).unwrap().starts_with("its processes used 11 MiB of memory"));
    }
}
