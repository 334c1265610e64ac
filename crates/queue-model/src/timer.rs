//! When the timers of a handshake fire, and how late they may be.

use std::time::Duration;

/// The usual maximum lateness of a timer, as a fraction of its nominal time. The kernel's
/// timers never fire early.
///
/// A sequence of few long timeouts can be later, see [`latest`].
pub const TOLERANCE: f64 = 0.04;

/// The first timeout of a SYN or a SYN-ACK, `TCP_TIMEOUT_INIT`
/// (include/net/tcp.h).
const FIRST_TIMEOUT: u64 = 1;

/// The longest timeout, `TCP_RTO_MAX` (include/net/tcp.h): the default of
/// `tcp_rto_max_ms` in kernels that have this sysctl.
const LONGEST_TIMEOUT: u64 = 120;

/// [`LONGEST_TIMEOUT`] as a duration.
pub(crate) const RTO_MAX: Duration = Duration::from_secs(LONGEST_TIMEOUT);

/// Whether a timer with this nominal time may have fired at the measured time: not early,
/// and within [`TOLERANCE`]. Both times have the same start.
pub fn on_time(nominal: Duration, measured: Duration) -> bool {
    measured >= nominal && measured <= nominal.mul_f64(1.0 + TOLERANCE)
}

/// The latest time at which the last of these timers fires on a machine that is not busy.
/// `nominal` has the time of each timer since the same start, and each timer starts the
/// next; `hz` is the kernel's ticks per second (`CONFIG_HZ`), not 0.
///
/// A timer may be late by one step of its level in the timer wheel: steps of 8ⁿ ticks for
/// timeouts of at least 63 · 8ⁿ⁻¹ ticks
/// (`calc_wheel_index`, kernel/time/timer.c); measured on 6.18 at 250 ticks.
pub fn latest(nominal: &[Duration], hz: u32) -> Duration {
    let mut before = Duration::ZERO;
    let mut late = Duration::ZERO;
    for at in nominal {
        late += step(at.saturating_sub(before), hz);
        before = *at;
    }
    before + late
}

/// [`latest`] for a kernel whose ticks per second are not known: the maximum over the
/// possible values of `CONFIG_HZ` (100, 250, 300 and 1000).
pub fn latest_at_any_hz(nominal: &[Duration]) -> Duration {
    [100, 250, 300, 1000].map(|hz| latest(nominal, hz)).into_iter().max().unwrap_or_default()
}

/// The step of the timer wheel's level for this timeout.
fn step(timeout: Duration, hz: u32) -> Duration {
    let of_level = |level| Duration::from_secs(1) / hz * 8u32.pow(level);
    (0..8).map(of_level).find(|step| *step * 63 > timeout).unwrap_or(of_level(8))
}

/// The timeout after this many doublings.
pub(crate) fn timeout(doublings: u32) -> Duration {
    let seconds = 1u64.checked_shl(doublings).map_or(LONGEST_TIMEOUT, |factor| {
        FIRST_TIMEOUT.saturating_mul(factor).min(LONGEST_TIMEOUT)
    });
    Duration::from_secs(seconds)
}

/// The times of timers whose timeout doubles each time, starting with the first.
pub(crate) fn doubling() -> impl Iterator<Item = Duration> {
    (0..).scan(Duration::ZERO, |elapsed, doublings| {
        *elapsed += timeout(doublings);
        Some(*elapsed)
    })
}

/// When the timer after this many retransmissions fires if the timeout doubles each time:
/// 2ⁿ⁺¹ − 1 s up to the longest timeout.
///
/// `tcp_model_timeout` (net/ipv4/tcp_timer.c) computes it in closed form.
pub(crate) fn after_retransmits(retransmits: u8) -> Duration {
    (0..=u32::from(retransmits)).map(timeout).sum()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn seconds(nominal: &[u64]) -> Vec<Duration> {
        nominal.iter().copied().map(Duration::from_secs).collect()
    }

    #[test]
    fn measured_times_are_on_time_and_early_ones_are_not() {
        for (nominal, measured) in [(1, 1.02), (8, 8.2), (60, 60.8), (15, 15.5)] {
            let nominal = Duration::from_secs(nominal);
            assert!(on_time(nominal, Duration::from_secs_f64(measured)), "{measured}");
            assert!(!on_time(nominal, nominal - Duration::from_millis(1)), "{nominal:?}");
            assert!(!on_time(nominal, nominal.mul_f64(1.05)), "{nominal:?}");
        }
    }

    /// The latest of forty connects each, without linear timeouts.
    #[test]
    fn no_measured_sequence_is_later_than_the_timer_wheel_allows() {
        for (retries, measured) in [(1, 3.056), (2, 7.306), (3, 15.494), (4, 31.626), (5, 65.654)] {
            let ladder: Vec<_> = doubling().take(retries + 1).collect();
            let measured = Duration::from_secs_f64(measured);
            assert!(measured <= latest(&ladder, 250), "{retries}");
        }
        let single = [Duration::from_secs(32)];
        assert!(Duration::from_secs_f64(33.3) <= latest(&single, 250));
    }

    #[test]
    fn a_sequence_may_be_later_than_the_tolerance() {
        assert!(!on_time(Duration::from_secs(7), Duration::from_millis(7_306)));
        assert_eq!(latest(&seconds(&[1, 3, 7]), 250), Duration::from_millis(7_320));
    }

    #[test]
    fn the_sum_of_the_timeouts_is_the_kernels_closed_form() {
        let longest_doubled = LONGEST_TIMEOUT.ilog2();
        for retransmits in 0..=u8::MAX {
            let boundary = u32::from(retransmits);
            let seconds = if boundary <= longest_doubled {
                (2 << boundary) - 1
            } else {
                (2 << longest_doubled) - 1 + u64::from(boundary - longest_doubled) * LONGEST_TIMEOUT
            };
            assert_eq!(after_retransmits(retransmits), Duration::from_secs(seconds));
            assert_eq!(doubling().nth(retransmits.into()), Some(Duration::from_secs(seconds)));
        }
    }
}
