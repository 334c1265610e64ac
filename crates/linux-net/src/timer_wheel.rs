//! The slots of the kernel's timer wheel on CLOCK_MONOTONIC.
#![expect(unsafe_code, reason = "no crate wraps times(2)")]

use nix::time::{ClockId, clock_getres};

use crate::clock::monotonic_ns;

const SECOND: u64 = 1_000_000_000;

/// USER_HZ, the unit of times(2), on every architecture except Alpha.
const USER_HZ: u64 = 100;

/// Ticks to which the slots of every level of the wheel add up: a slot of the
/// last level is 8⁸ ticks (`LVL_GRAN` in kernel/time/timer.c).
const ALL_LEVELS: u64 = 1 << 24;

/// A clock tick is observed up to this much late, because it has to be handled first.
const AGREEMENT_NS: u64 = 400_000;

/// The number of changes of times(2) that must agree, and of those observed.
const AGREEING: usize = 4;
const OBSERVED: std::ops::RangeInclusive<usize> = 8..=64;

/// The kernel's timer wheel (kernel/time/timer.c), which fires TCP's timers: in
/// slots of 8 ticks for a timer of a second at 250 Hz, 32 ms, all timers of a
/// slot together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimerWheel {
    hz: u32,
    offset_ns: u64,
}

impl TimerWheel {
    /// Finds it, in about 90 ms of CPU time, without privileges. `None` if the kernel's
    /// ticks do not agree with its clock.
    ///
    /// times(2) is the kernel's tick count, `jiffies_64_to_clock_t(get_jiffies_64())`, in
    /// hundredths of a second: when it changes, both the count and the time on
    /// CLOCK_MONOTONIC are known exactly.
    pub fn find() -> Option<Self> {
        let resolution = clock_getres(ClockId::CLOCK_MONOTONIC_COARSE).ok()?;
        let tick_ns = u64::try_from(resolution.tv_nsec()).ok().filter(|&ns| ns > 0)?;
        if resolution.tv_sec() != 0 {
            return None;
        }
        let mut offsets = Vec::new();
        for count in 1..=*OBSERVED.end() {
            let (ticks, at_ns) = next_change(tick_ns)?;
            offsets.push(offset(ticks, at_ns, tick_ns));
            if count < *OBSERVED.start() {
                continue;
            }
            if let Some(offset_ns) = agreed(&offsets, tick_ns) {
                let hz = u32::try_from((SECOND + tick_ns / 2) / tick_ns).ok()?;
                return Some(Self { hz, offset_ns });
            }
        }
        None
    }

    /// CONFIG_HZ: ticks a second.
    pub fn hz(&self) -> u32 {
        self.hz
    }

    /// What to add to CLOCK_MONOTONIC, nanoseconds, for a clock at whose zero a
    /// slot of each level of the wheel begins.
    pub fn offset_ns(&self) -> u64 {
        self.offset_ns
    }
}

/// Waits until times(2) changes: the kernel's ticks then, and the time, which may be a
/// little late.
fn next_change(tick_ns: u64) -> Option<(u64, u64)> {
    let before = clock_ticks()?;
    let began = monotonic_ns();
    loop {
        let now = clock_ticks()?;
        let at_ns = monotonic_ns();
        if now > before {
            return Some((ticks(now, tick_ns), at_ns));
        }
        if at_ns - began > SECOND {
            return None;
        }
    }
}

/// times(2), in USER_HZ.
fn clock_ticks() -> Option<u64> {
    // SAFETY: with a null pointer, times(2) only returns the count.
    let count = unsafe { libc::times(std::ptr::null_mut()) };
    u64::try_from(count).ok()
}

/// The kernel's ticks when times(2) has just become `count`: the inverse of
/// `jiffies_64_to_clock_t` (kernel/time/time.c).
fn ticks(count: u64, tick_ns: u64) -> u64 {
    (count * (SECOND / USER_HZ)).div_ceil(tick_ns)
}

/// What to add to CLOCK_MONOTONIC to get the time since the ticks were a multiple of
/// [`ALL_LEVELS`].
fn offset(ticks: u64, at_ns: u64, tick_ns: u64) -> u64 {
    let round_ns = ALL_LEVELS * tick_ns;
    let since_ns = (ticks % ALL_LEVELS) * tick_ns;
    (since_ns + round_ns - at_ns % round_ns) % round_ns
}

/// The offset that enough changes agree on. A change is observed late, never early, which
/// makes its offset too small: the largest is the best.
fn agreed(offsets: &[u64], tick_ns: u64) -> Option<u64> {
    let round_ns = ALL_LEVELS * tick_ns;
    let behind = |of: u64, other: u64| (of + round_ns - other) % round_ns;
    offsets.iter().copied().find(|&best| {
        let is_ahead = |&other: &u64| {
            behind(best, other) < round_ns / 2 || behind(other, best) <= AGREEMENT_NS
        };
        let near = |&&offset: &&u64| behind(best, offset) <= AGREEMENT_NS;
        offsets.iter().all(is_ahead) && offsets.iter().filter(near).count() >= AGREEING
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kernel's times(2) when its ticks are `ticks`.
    fn kernel(ticks: u64, tick_ns: u64) -> u64 {
        ticks * tick_ns / (SECOND / USER_HZ)
    }

    #[test]
    fn the_ticks_at_a_change_are_known_exactly() {
        for tick_ns in [10_000_000, 4_000_000, 3_333_333, 1_000_000] {
            let mut changes = 0;
            for now in 4_294_892_296_u64..4_294_892_296 + 1_000 {
                if kernel(now, tick_ns) > kernel(now - 1, tick_ns) {
                    assert_eq!(ticks(kernel(now, tick_ns), tick_ns), now, "{tick_ns}");
                    changes += 1;
                }
            }
            assert!(changes > 90, "{tick_ns}");
        }
    }

    #[test]
    fn the_clock_of_the_wheel_is_zero_where_all_slots_begin() {
        let tick_ns = 4_000_000;
        for (ticks, at_ns) in [(5, 3_000_000_000), (ALL_LEVELS - 1, 1), (7 * ALL_LEVELS + 3, 1)] {
            let offset_ns = offset(ticks, at_ns, tick_ns);
            let on_wheel = at_ns + offset_ns;
            assert_eq!(on_wheel % (ALL_LEVELS * tick_ns), ticks % ALL_LEVELS * tick_ns);
        }
    }

    #[test]
    fn late_observations_are_ignored_and_disagreement_has_no_result() {
        let tick_ns = 4_000_000;
        let late = |ns: u64| 1_000_000_000 - ns;
        let observed = [90, 3_000, 20, 50, 70].map(|late_us| late(late_us * 1_000));
        assert_eq!(agreed(&observed[..4], tick_ns), None);
        assert!(agreed(&observed, tick_ns).is_some_and(|best| late(best) <= 90_000));
        // The first are all a tick late, and the last one shows that.
        let mut ticks_late = vec![late(4_000_000); 8];
        ticks_late.push(late(0));
        assert_eq!(agreed(&ticks_late, tick_ns), None);
        let drifting: Vec<_> = (0..24).map(|count| late(count * 500_000)).collect();
        assert_eq!(agreed(&drifting, tick_ns), None);
        let before = |ns: u64| ALL_LEVELS * tick_ns - ns;
        let around_zero = [5_000, 0, before(9_000), before(1), before(2), before(3)];
        assert_eq!(agreed(&around_zero, tick_ns), Some(5_000));
    }
}
