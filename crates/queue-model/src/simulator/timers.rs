//! When timers fire.

use super::nanoseconds::nanoseconds;
use super::settings::{Client, SECOND, Timers};

/// `TCP_RTO_MAX` (include/net/tcp.h).
const LONGEST_GAP: u64 = 120 * SECOND;

/// `TCP_RTO_MIN` (include/net/tcp.h).
const SHORTEST_GAP: u64 = SECOND / 5;

/// The default of `tcp_retries2`, which decides how long a client retransmits data.
const DATA_RETRIES: u32 = 15;

/// `LVL_CLK_SHIFT` (kernel/time/timer.c): each level of the wheel is 2³ times as coarse
/// as the one below.
const LEVEL_SHIFT: u32 = 3;

/// `LVL_SIZE - 1`: the jiffies that the wheel's finest level reaches.
const LEVEL_REACH: u64 = 63;

/// `LVL_DEPTH - 1` of a kernel with HZ > 100.
const LAST_LEVEL: u32 = 8;

impl Timers {
    /// The length of a tick, if timers have ticks.
    fn jiffy(self) -> Option<u64> {
        match self {
            Self::Exact => None,
            Self::Wheel { hz } => Some(SECOND / u64::from(hz.max(1))),
        }
    }

    /// The slot of a timer that is set at `now` for `gap` later.
    pub(super) fn slot_of(self, now: u64, gap: u64) -> Slot {
        let Some(jiffy) = self.jiffy() else {
            return Slot { fires_at: now.saturating_add(gap), until: 0 };
        };
        let (clock, delay) = (now / jiffy, gap.div_ceil(jiffy));
        // `calc_index` rounds up to the next slot even from the start of a slot, so
        // no timer fires early.
        let shift = level_shift(delay);
        let fires = (((clock + delay) >> shift) + 1) << shift;
        Slot { fires_at: fires.saturating_mul(jiffy), until: (fires - delay).saturating_mul(jiffy) }
    }
}

/// A slot of the timer wheel, for timers of one length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// When its timers fire.
    pub(super) fires_at: u64,
    /// Timers that are set before this instant are in it.
    pub(super) until: u64,
}

/// `calc_wheel_index`: the shift of the level for timers of this many ticks.
fn level_shift(ticks: u64) -> u32 {
    (1..=LAST_LEVEL)
        .take_while(|level| ticks >= LEVEL_REACH << (LEVEL_SHIFT * (level - 1)))
        .last()
        .unwrap_or(0)
        * LEVEL_SHIFT
}

/// When clients retransmit, and when they give up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retransmission {
    longest_gap: u64,
    linear: u32,
    max_syns: u32,
    syn_time: u64,
    data_time: u64,
}

impl Retransmission {
    pub(super) fn new(client: &Client, timers: Timers) -> Self {
        // `msecs_to_jiffies` rounds up.
        let longest = nanoseconds(client.rto_max);
        let longest_gap = timers.jiffy().map_or(longest, |jiffy| longest.next_multiple_of(jiffy));
        let longest_gap = longest_gap.clamp(SECOND, LONGEST_GAP);
        Self {
            longest_gap,
            linear: client.syn_linear_timeouts,
            max_syns: client.syn_retries.saturating_add(client.syn_linear_timeouts),
            syn_time: model_timeout(client.syn_retries, SECOND, longest_gap),
            data_time: model_timeout(DATA_RETRIES, SHORTEST_GAP, longest_gap),
        }
    }

    /// Whether the timeout of a SYN doubles after this many retransmissions: those up to
    /// `tcp_syn_linear_timeouts` are a second apart. `tcp_retransmit_timer`
    /// (net/ipv4/tcp_timer.c).
    pub(super) fn doubles(&self, retransmits: u32) -> bool {
        retransmits > self.linear
    }

    /// The timeout of a SYN that has doubled this many times.
    pub(super) fn syn_gap(&self, doublings: u32) -> u64 {
        doubled(SECOND, doublings, self.longest_gap)
    }

    /// Whether a client gives up when its timer fires: `tcp_write_timeout` and
    /// `retransmits_timed_out` (net/ipv4/tcp_timer.c).
    pub(super) fn syn_gives_up(&self, retransmits: u32, elapsed: u64) -> bool {
        retransmits >= self.max_syns || (retransmits > 0 && elapsed >= self.syn_time)
    }

    /// The time from sending a phantom's data for the `sent`th time to the next time: the
    /// tail loss probe after `TCP_RTO_MIN`, then retransmissions, which start with the same
    /// time.
    pub(super) fn data_gap(&self, sent: u32) -> u64 {
        doubled(SHORTEST_GAP, sent.saturating_sub(2), self.longest_gap)
    }

    /// Whether a client stops to retransmit its data when its timer fires, this long after
    /// it sent it first: the kernel counts from the first retransmission, after the probe.
    pub(super) fn data_gives_up(&self, elapsed: u64) -> bool {
        elapsed >= self.data_time + 2 * SHORTEST_GAP
    }
}

/// `tcp_model_timeout` (net/ipv4/tcp_timer.c): doubling timeouts from `first`, until the
/// timeout is the longest.
fn model_timeout(retries: u32, first: u64, longest: u64) -> u64 {
    let doublings = retries.min((longest / first).ilog2());
    ((2 << doublings) - 1) * first + u64::from(retries - doublings) * longest
}

/// The time from a SYN-ACK after `timeouts` timeouts to the request's next timer:
/// `tcp_reqsk_timeout` (include/net/tcp.h).
pub(super) fn syn_ack_gap(timeouts: u32) -> u64 {
    doubled(SECOND, timeouts, LONGEST_GAP)
}

fn doubled(first: u64, times: u32, longest: u64) -> u64 {
    // Seven doublings reach the longest gap from a second, ten from 0.2 s.
    (first << times.min(10)).min(longest)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn retransmission(syn_retries: u32, syn_linear_timeouts: u32) -> Retransmission {
        let client = Client { syn_retries, syn_linear_timeouts, ..Client::default() };
        Retransmission::new(&client, Timers::Exact)
    }

    /// The wheel's lateness as measured on kernel 6.18 at 250 Hz: 1 s takes up to 1.03 s,
    /// 8 s up to 8.26, 32 s up to 34.
    #[test]
    fn the_wheel_is_late_by_up_to_one_slot() {
        let wheel = Timers::Wheel { hz: 250 };
        for (seconds, slot) in [(1, 32_000_000), (8, 256_000_000), (32, 2_048_000_000)] {
            let until = wheel.slot_of(0, seconds * SECOND).until;
            assert_eq!(wheel.slot_of(until, seconds * SECOND).until - until, slot);
            for now in (0..5 * SECOND).step_by(1_234_567) {
                let fires_at = wheel.slot_of(now, seconds * SECOND).fires_at;
                let late = fires_at - now - seconds * SECOND;
                assert!(late <= slot, "{seconds} s set at {now}: {late} ns late");
            }
        }
    }

    #[test]
    fn timers_of_equal_length_fire_in_the_order_in_which_they_were_set() {
        let wheel = Timers::Wheel { hz: 250 };
        for gap in [SECOND / 5, SECOND, 2 * SECOND, 16 * SECOND] {
            let fired: Vec<_> = (0..3 * SECOND)
                .step_by(987_654)
                .map(|now| wheel.slot_of(now, gap).fires_at)
                .collect();
            assert!(fired.is_sorted());
        }
    }

    #[test]
    fn timers_set_within_one_slot_fire_at_the_same_instant() {
        let wheel = Timers::Wheel { hz: 250 };
        let slot = wheel.slot_of(0, SECOND);
        assert_eq!(slot.fires_at, wheel.slot_of(20_000_000, SECOND).fires_at);
        for gap in [SECOND / 5, SECOND, 2 * SECOND, 16 * SECOND] {
            for now in (0..SECOND).step_by(7_654_321) {
                let slot = wheel.slot_of(now, gap);
                assert_eq!(wheel.slot_of(slot.until - 1, gap).fires_at, slot.fires_at);
                assert!(wheel.slot_of(slot.until, gap).fires_at > slot.fires_at);
            }
        }
    }

    #[test]
    fn gaps_stop_growing_at_the_longest_gap() {
        assert!(!retransmission(8, 0).syn_gives_up(7, 366 * SECOND));
        assert!(retransmission(8, 0).syn_gives_up(7, 367 * SECOND));
        assert_eq!(retransmission(8, 0).syn_gap(7), LONGEST_GAP);
        assert_eq!(retransmission(127, 4).syn_gap(123), LONGEST_GAP);
    }

    #[test]
    fn the_longest_gap_is_a_whole_number_of_ticks() {
        let client = Client { rto_max: Duration::from_millis(1001), ..Client::default() };
        let of = |timers| Retransmission::new(&client, timers).syn_gap(5);
        assert_eq!(of(Timers::Exact), 1_001_000_000);
        assert_eq!(of(Timers::Wheel { hz: 250 }), 1_004_000_000);
    }
}
