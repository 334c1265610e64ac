//! The clock of all times in a run.

use nix::sys::time::TimeSpec;
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;

/// CLOCK_MONOTONIC, nanoseconds: comparable between processes of one boot, so the times
/// of a server and of a load can be compared.
pub fn monotonic_ns() -> u64 {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every Linux has CLOCK_MONOTONIC");
    nanoseconds(now)
}

/// CLOCK_MONOTONIC as it was at the last tick of the kernel, nanoseconds: up to 10 ms less than
/// [`monotonic_ns`], and read in a sixth of the time.
pub fn coarse_monotonic_ns() -> u64 {
    let clock = ClockId::CLOCK_MONOTONIC_COARSE;
    let now = clock_gettime(clock).expect("every Linux has CLOCK_MONOTONIC_COARSE");
    nanoseconds(now)
}

/// CLOCK_PROCESS_CPUTIME_ID, nanoseconds: the CPU time of this process with all its
/// threads.
pub fn process_cpu_ns() -> u64 {
    let used = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID).expect("every Linux counts it");
    nanoseconds(used)
}

/// CLOCK_THREAD_CPUTIME_ID, nanoseconds: the CPU time of the thread that calls. It costs a system
/// call, unlike the time of [`monotonic_ns`].
pub fn thread_cpu_ns() -> u64 {
    let used = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("every Linux counts it");
    nanoseconds(used)
}

/// The CPU time of another process with all its threads, nanoseconds (clock_getcpuclockid(3));
/// `None` if there is no such process.
pub fn process_cpu_ns_of(pid: Pid) -> Option<u64> {
    let used = clock_gettime(clock_getcpuclockid(pid).ok()?).ok()?;
    Some(nanoseconds(used))
}

#[inline]
fn nanoseconds(time: TimeSpec) -> u64 {
    time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn the_clock_counts_nanoseconds() {
        let before = monotonic_ns();
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(20) {
            std::hint::spin_loop();
        }
        let passed = monotonic_ns() - before;
        assert!(passed >= 20_000_000, "{passed} ns passed in 20 ms");
    }

    #[test]
    fn a_threads_cpu_time_is_its_own() {
        const USED_NS: u64 = 20_000_000;
        let before = thread_cpu_ns();
        let worker = std::thread::spawn(|| {
            while thread_cpu_ns() < USED_NS {
                std::hint::spin_loop();
            }
            thread_cpu_ns()
        });
        let of_worker = worker.join().expect("it only counts");
        // This thread has slept meanwhile, and starts a thread in less than that.
        let used = thread_cpu_ns() - before;
        assert!(of_worker >= USED_NS && used < of_worker, "{used} ns here, {of_worker} ns there");
    }
}
