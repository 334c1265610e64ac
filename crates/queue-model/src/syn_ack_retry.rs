//! When a server retransmits a SYN-ACK that is not acknowledged, and when it gives up.

use std::time::Duration;

use crate::law::{KernelSource, Law};
use crate::timer;

const DEFERRAL: KernelSource =
    KernelSource { function: "secs_to_retrans", file: "net/ipv4/tcp.c", version: "6.18" };

/// Time of the first deferred connection from connect(2) to accept(2): [`deferral`].
pub const FIRST_DEFERRED: Law =
    Law::timer("defer-accept-first", "first deferred connection is accepted after", DEFERRAL);

/// Time of the last deferred connection from connect(2) to accept(2): [`deferral`].
pub const LAST_DEFERRED: Law =
    Law::timer("defer-accept-last", "last deferred connection is accepted after", DEFERRAL);

/// The smallest number of retransmissions that pruning leaves.
const MIN_RETRIES_WHEN_PRUNED: u8 = 2;

/// The most timeouts that a request counts: `num_timeout` (include/net/request_sock.h) has
/// 7 bits. A request that waits for more of them waits forever.
pub const MAX_TIMEOUTS: u8 = 127;

/// When the SYN-ACK is retransmitted: nominal times since the first one, by
/// `net.ipv4.tcp_synack_retries`, 0 to [`MAX_TIMEOUTS`]. With more, the count starts again.
///
/// `reqsk_timer_handler` (net/ipv4/inet_connection_sock.c): the timeout doubles each
/// time, regardless of `tcp_syn_linear_timeouts`; measured on 6.18. Valid for a
/// client that does not retransmit its SYN, which would restart the timer, and unless
/// entries are pruned, see [`min_retries`].
pub fn retransmits(synack_retries: u8) -> Vec<Duration> {
    timer::doubling().take(synack_retries.into()).collect()
}

/// When the entry leaves SYN_RECV: nominal time since the first SYN-ACK. No counter shows
/// it. Valid under the same conditions as [`retransmits`].
pub fn removed_after(synack_retries: u8) -> Duration {
    timer::after_retransmits(synack_retries)
}

/// The smallest number of retransmissions to which pruning can reduce
/// `tcp_synack_retries`, while `half_open` connections are at a listener with this limit:
/// 2 if they occupy more than half of the limit, or of 8 if that is larger.
///
/// `reqsk_timer_handler`; the actual number depends on how many of the entries have not
/// been retransmitted yet.
pub fn min_retries(synack_retries: u8, half_open: u64, limit: u32) -> u8 {
    if half_open.saturating_mul(2) > u64::from(limit.max(8)) {
        synack_retries.min(MIN_RETRIES_WHEN_PRUNED)
    } else {
        synack_retries
    }
}

/// The nominal time from its SYN until a connection on which the client sends nothing is
/// accepted, by the listener's `TCP_DEFER_ACCEPT` in seconds; `None` for 0, which does
/// not defer, and for a time after more than [`MAX_TIMEOUTS`], which never comes.
///
/// `secs_to_retrans` (net/ipv4/tcp.c) rounds it up to the time of a retransmission;
/// measured on 6.18. Until then the entry stays in SYN_RECV, while the client is
/// ESTABLISHED.
pub fn deferral(seconds: u32) -> Option<Duration> {
    let requested = Duration::from_secs(seconds.into());
    let mut timeouts = timer::doubling().take(MAX_TIMEOUTS.into());
    (seconds > 0).then(|| timeouts.find(|at| *at >= requested)).flatten()
}

/// The increase of `ListenOverflows` and of `ListenDrops` by phantoms that send nothing,
/// until their entries are removed: each retransmitted SYN-ACK makes the client
/// acknowledge again, and the ACK finds the accept queue still full.
///
/// `tcp_v4_syn_recv_sock` (net/ipv4/tcp_ipv4.c); measured on 6.18 with
/// `tcp_abort_on_overflow = 0` and no entry pruned. Valid for phantoms whose first ACK a
/// filter dropped; if the full queue dropped it, each phantom adds one more.
pub fn phantom_overflows(phantoms: u64, synack_retries: u8) -> u64 {
    phantoms * u64::from(synack_retries)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::timer::tests::seconds;

    #[test]
    fn the_default_lasts_about_a_minute() {
        assert_eq!(retransmits(5), seconds(&[1, 3, 7, 15, 31]));
        assert_eq!(removed_after(5), Duration::from_secs(63));
    }

    #[test]
    fn reproduces_the_measured_phantoms() {
        assert_eq!(retransmits(3), seconds(&[1, 3, 7]));
        assert!(timer::on_time(removed_after(3), Duration::from_secs_f64(15.5)));
        assert_eq!(phantom_overflows(4, 3), 12);
    }

    #[test]
    fn a_deferral_is_rounded_up_to_a_retransmission() {
        for (asked, after) in
            [(1, 1), (2, 3), (3, 3), (4, 7), (7, 7), (8, 15), (15, 15), (16, 31), (31, 31)]
        {
            assert_eq!(deferral(asked), Some(Duration::from_secs(after)), "{asked}");
        }
        assert_eq!(deferral(0), None);
    }

    /// 1, 3, 7, 15, 31, 63 and 127 s, then one more every 120 s.
    #[test]
    fn a_deferral_longer_than_a_request_can_count_never_ends() {
        assert_eq!(deferral(127 + 120 * 120), Some(Duration::from_secs(127 + 120 * 120)));
        assert_eq!(deferral(127 + 120 * 120 + 1), None);
        assert_eq!(deferral(u32::MAX), None);
    }

    #[test]
    fn entries_are_pruned_when_they_occupy_more_than_half() {
        assert_eq!(min_retries(5, 4, 0), 5);
        assert_eq!(min_retries(5, 5, 0), 2);
        assert_eq!(min_retries(5, 64, 128), 5);
        assert_eq!(min_retries(5, 65, 128), 2);
        assert_eq!(min_retries(1, 65, 128), 1, "pruning never adds retries");
    }

    proptest! {
        #[test]
        fn an_entry_is_removed_after_its_last_retransmission(retries in 1..=u8::MAX) {
            let times = retransmits(retries);
            prop_assert_eq!(times.len(), usize::from(retries));
            prop_assert!(times.is_sorted());
            prop_assert!(removed_after(retries) > times[times.len() - 1]);
        }

        #[test]
        fn a_deferral_is_never_shorter_than_asked_nor_twice_as_long(asked in 1..14_000u32) {
            let deferral = deferral(asked).map(|after| after.as_secs());
            let asked = u64::from(asked);
            prop_assert!(deferral.is_some_and(|after| after >= asked && after < 2 * asked));
        }
    }
}
