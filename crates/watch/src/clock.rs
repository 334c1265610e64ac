//! The CPU clock of a thread.

use nix::time::{ClockId, clock_gettime};

/// CLOCK_THREAD_CPUTIME_ID of the calling thread, nanoseconds.
pub(crate) fn thread_cpu_ns() -> u64 {
    let used = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("every Linux counts it");
    used.tv_sec() as u64 * 1_000_000_000 + used.tv_nsec() as u64
}
