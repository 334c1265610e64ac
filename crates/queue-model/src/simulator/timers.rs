//! When timers fire.

use super::settings::{Client, Timers};

const SECOND: u64 = 1_000_000_000;

/// `TCP_RTO_MAX` (include/net/tcp.h).
const LONGEST_GAP: u64 = 120 * SECOND;

/// `LVL_CLK_SHIFT` (kernel/time/timer.c): each level of the wheel is 2³ times as coarse
/// as the one below.
const LEVEL_SHIFT: u32 = 3;

/// `LVL_SIZE - 1`: the jiffies that the wheel's finest level reaches.
const LEVEL_REACH: u64 = 63;

/// `LVL_DEPTH - 1` of a kernel with HZ > 100.
const LAST_LEVEL: u32 = 8;

impl Timers {
    /// When a timer fires that is set at `now` for `gap` later.
    pub(super) fn fires_at(self, now: u64, gap: u64) -> u64 {
        match self {
            Self::Exact => now.saturating_add(gap),
            Self::Wheel { hz } => {
                let jiffy = SECOND / u64::from(hz.max(1));
                let (clock, delay) = (now / jiffy, gap.div_ceil(jiffy));
                // `calc_index` rounds up to the next slot even from the start of a slot, so
                // no timer fires early.
                let shift = (1..=LAST_LEVEL)
                    .take_while(|level| delay >= LEVEL_REACH << (LEVEL_SHIFT * (level - 1)))
                    .last()
                    .unwrap_or(0)
                    * LEVEL_SHIFT;
                ((((clock + delay) >> shift) + 1) << shift).saturating_mul(jiffy)
            }
        }
    }
}

/// The time from the client's SYN number `retransmits` (0 is the first) to its next
/// timer: a second while the timeouts are linear, then doubling.
/// `tcp_retransmit_timer` (net/ipv4/tcp_timer.c).
pub(super) fn syn_gap(client: &Client, retransmits: u32) -> u64 {
    doubled(SECOND, retransmits.saturating_sub(client.syn_linear_timeouts))
}

/// Whether a client gives up when its timer fires: `tcp_write_timeout` and
/// `retransmits_timed_out` (net/ipv4/tcp_timer.c).
pub(super) fn syn_gives_up(client: &Client, retransmits: u32, elapsed: u64) -> bool {
    let retries = client.syn_retries;
    if retransmits >= retries.saturating_add(client.syn_linear_timeouts) {
        return true;
    }
    // `tcp_model_timeout`: doubling from a second, until the gap is the longest.
    let doublings = retries.min((LONGEST_GAP / SECOND).ilog2());
    let longest_gaps = u64::from(retries - doublings) * LONGEST_GAP;
    elapsed >= ((2 << doublings) - 1) * SECOND + longest_gaps
}

/// The time from a SYN-ACK after `timeouts` timeouts to the request's next timer:
/// `tcp_reqsk_timeout` (include/net/tcp.h).
pub(super) fn syn_ack_gap(timeouts: u32) -> u64 {
    doubled(SECOND, timeouts)
}

/// The time from sending a phantom's data for the `sent`th time to the next time: the tail
/// loss probe after `TCP_RTO_MIN` (include/net/tcp.h), then retransmissions, which start
/// with the same time.
pub(super) fn data_gap(sent: u32) -> u64 {
    doubled(SECOND / 5, sent.saturating_sub(2))
}

fn doubled(first: u64, times: u32) -> u64 {
    // Seven doublings reach the longest gap from a second, ten from 0.2 s.
    (first << times.min(10)).min(LONGEST_GAP)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(syn_retries: u32, syn_linear_timeouts: u32) -> Client {
        Client { syn_retries, syn_linear_timeouts, ..Client::default() }
    }

    /// The wheel's lateness as measured on kernel 6.18 at 250 Hz: 1 s takes up to 1.03 s,
    /// 8 s up to 8.26, 32 s up to 34.
    #[test]
    fn the_wheel_is_late_by_up_to_one_slot() {
        let wheel = Timers::Wheel { hz: 250 };
        for (seconds, slot) in [(1, 32_000_000), (8, 256_000_000), (32, 2_048_000_000)] {
            for now in (0..5 * SECOND).step_by(1_234_567) {
                let late = wheel.fires_at(now, seconds * SECOND) - now - seconds * SECOND;
                assert!(late <= slot, "{seconds} s set at {now}: {late} ns late");
            }
        }
    }

    #[test]
    fn timers_of_equal_length_fire_in_the_order_in_which_they_were_set() {
        let wheel = Timers::Wheel { hz: 250 };
        for gap in [SECOND / 5, SECOND, 2 * SECOND, 16 * SECOND] {
            let fired: Vec<_> =
                (0..3 * SECOND).step_by(987_654).map(|now| wheel.fires_at(now, gap)).collect();
            assert!(fired.is_sorted());
        }
    }

    #[test]
    fn timers_set_within_one_slot_fire_at_the_same_instant() {
        let wheel = Timers::Wheel { hz: 250 };
        assert_eq!(wheel.fires_at(0, SECOND), wheel.fires_at(20_000_000, SECOND));
    }

    #[test]
    fn gaps_stop_growing_at_the_longest_gap() {
        assert!(!syn_gives_up(&client(8, 0), 7, 366 * SECOND));
        assert!(syn_gives_up(&client(8, 0), 7, 367 * SECOND));
        assert_eq!(syn_gap(&client(8, 0), 7), LONGEST_GAP);
        assert_eq!(syn_gap(&client(127, 4), 127), LONGEST_GAP);
    }
}
