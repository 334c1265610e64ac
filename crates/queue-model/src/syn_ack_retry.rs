//! How long a server goes on answering a SYN whose SYN-ACK is not acknowledged.

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

/// The number of retransmissions that pruning never goes below.
const MIN_RETRIES_WHEN_PRUNED: u8 = 2;

/// When the SYN-ACK is sent again, from the first one, nominal; by
/// `net.ipv4.tcp_synack_retries`, 0 to 255.
///
/// `reqsk_timer_handler` (net/ipv4/inet_connection_sock.c): the timeout doubles
/// each time, whatever `tcp_syn_linear_timeouts` says; measured on 6.18. Holds
/// for a client that does not retransmit its SYN, which would start the timer
/// anew, and unless entries are pruned, see [`min_retries`].
pub fn retransmits(synack_retries: u8) -> Vec<Duration> {
    timer::doubling().take(synack_retries.into()).collect()
}

/// When the entry leaves SYN_RECV, from the first SYN-ACK, nominal; no counter
/// tells of it. Under the same conditions as [`retransmits`].
pub fn removed_after(synack_retries: u8) -> Duration {
    timer::after_retransmits(synack_retries)
}

/// What pruning can make of `tcp_synack_retries`, while so many connections are
/// half-open at a listener of this limit: 2 where they take more than half of
/// its room, and no entry less than 8.
///
/// `reqsk_timer_handler`; how far it goes depends on how many of the entries
/// have not been retransmitted yet.
pub fn min_retries(synack_retries: u8, half_open: u64, limit: u32) -> u8 {
    if half_open.saturating_mul(2) > u64::from(limit.max(8)) {
        synack_retries.min(MIN_RETRIES_WHEN_PRUNED)
    } else {
        synack_retries
    }
}

/// How long after its SYN a connection on which the client says nothing is
/// accepted, nominal, by the `TCP_DEFER_ACCEPT` of the listener in seconds;
/// `None` for 0, which does not defer.
///
/// `secs_to_retrans` (net/ipv4/tcp.c) rounds it up to a retransmission's time;
/// measured on 6.18. Until then the entry stays in SYN_RECV, while the client is
/// ESTABLISHED.
pub fn deferral(seconds: u32) -> Option<Duration> {
    let asked = Duration::from_secs(seconds.into());
    // The number of retransmissions is kept in a byte.
    let longest = timer::after_retransmits(u8::MAX - 1);
    (seconds > 0).then(|| timer::doubling().take(255).find(|at| *at >= asked).unwrap_or(longest))
}

/// What silent phantoms add to `ListenOverflows` and to `ListenDrops` until
/// their entries are removed: each retransmitted SYN-ACK makes the client
/// acknowledge again, and finds the accept queue still full.
///
/// `tcp_v4_syn_recv_sock` (net/ipv4/tcp_ipv4.c); measured on 6.18 with
/// `tcp_abort_on_overflow = 0` and no entry pruned. Of phantoms whose first
/// acknowledgement a filter took away: where the full queue dropped that too,
/// it is one more for each.
pub fn phantom_overflows(phantoms: u64, synack_retries: u8) -> u64 {
    phantoms * u64::from(synack_retries)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::timer::tests::seconds;

    #[test]
    fn the_default_goes_on_for_a_minute() {
        assert_eq!(retransmits(5), seconds(&[1, 3, 7, 15, 31]));
        assert_eq!(removed_after(5), Duration::from_secs(63));
    }

    #[test]
    fn reproduces_the_phantoms_that_were_measured() {
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

    #[test]
    fn entries_are_pruned_when_they_take_more_than_half() {
        assert_eq!(min_retries(5, 4, 0), 5);
        assert_eq!(min_retries(5, 5, 0), 2);
        assert_eq!(min_retries(5, 64, 128), 5);
        assert_eq!(min_retries(5, 65, 128), 2);
        assert_eq!(min_retries(1, 65, 128), 1, "nothing is added");
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
        fn a_deferral_is_never_shorter_than_asked_nor_twice_as_long(asked in 1..29_000u32) {
            let deferral = deferral(asked).map(|after| after.as_secs());
            let asked = u64::from(asked);
            prop_assert!(deferral.is_some_and(|after| after >= asked && after < 2 * asked));
        }
    }
}
