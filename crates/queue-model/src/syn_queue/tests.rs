//! Tables measured on kernel 6.18, and properties of all settings.

#[path = "../../tests/simulator/measured/syn_queue.rs"]
mod measured;

use proptest::prelude::*;

use super::*;
use crate::kernel_rules::RuleSet;

fn queue(limit: u32, max_syn_backlog: i32, cookies: Cookies) -> SynQueue {
    let full = SynQueueFull::Above;
    SynQueue { limit, max_syn_backlog, cookies, full, peers_are_proven: false }
}

/// The effects of this many connects on an empty queue.
fn connect_to_empty(queue: SynQueue, connects: u64) -> Effects {
    queue.connect_half_open(QueueLengths::default(), connects)
}

#[test]
fn reproduces_the_measured_table_without_cookies() {
    for [limit, max, connects, syn_recv, drops, full_drops] in measured::WITHOUT_COOKIES {
        let [connects, syn_recv, drops, full_drops] =
            [connects, syn_recv, drops, full_drops].map(u64::from);
        let queue = queue(limit, max.cast_signed(), Cookies::Never);
        assert_eq!(queue.capacity(), syn_recv, "{queue:?}");
        let expected = Effects {
            syn_recv,
            listen_drops: drops,
            tcp_req_q_full_drop: full_drops,
            ..Effects::default()
        };
        assert_eq!(connect_to_empty(queue, connects), expected, "{queue:?}");
    }
}

/// SYN_RECV as published for kernel 5.15.0-130: somaxconn, tcp_max_syn_backlog,
/// tcp_syncookies, and a backlog that is not smaller than somaxconn.
#[test]
fn reproduces_the_published_table_of_kernels_until_2024() {
    for (somaxconn, max, cookies, syn_recv) in [
        (4096, 128, Cookies::Never, 97),
        (4096, 256, Cookies::Never, 193),
        (4096, 512, Cookies::Never, 385),
        (4096, 1024, Cookies::Never, 769),
        (64, 1024, Cookies::Never, 64),
        (512, 128, Cookies::WhenFull, 512),
        (1024, 128, Cookies::WhenFull, 1024),
        (4096, 128, Cookies::WhenFull, 4096),
    ] {
        let full = RuleSet::Until2024.syn_queue_full();
        let queue = SynQueue { full, ..queue(somaxconn, max, cookies) };
        assert_eq!(queue.capacity(), syn_recv, "{queue:?}");
        assert_eq!(connect_to_empty(queue, 10_000).syn_recv, syn_recv, "{queue:?}");
    }
}

#[test]
fn a_negative_tcp_max_syn_backlog_admits_almost_nothing() {
    for (max, syn_recv) in [(-1, 1), (-2, 0), (-4, 0), (i32::MIN, 0), (0, 1)] {
        assert_eq!(queue(128, max, Cookies::Never).capacity(), syn_recv, "{max}");
    }
}

/// B, M, tcp_syncookies, connects, SYN_RECV, cookies.
#[test]
fn reproduces_the_measured_cookies() {
    for (limit, max, cookies, connects, syn_recv, sent) in [
        (4, 128, Cookies::WhenFull, 25, 5, 20),
        (128, 16, Cookies::WhenFull, 149, 129, 20),
        (4, 128, Cookies::Always, 10, 0, 10),
    ] {
        let queue = queue(limit, max, cookies);
        assert_eq!(queue.capacity(), syn_recv, "{queue:?}");
        let expected = Effects {
            syn_recv,
            tcp_req_q_full_do_cookies: sent,
            syncookies_sent: sent,
            ..Effects::default()
        };
        assert_eq!(connect_to_empty(queue, connects), expected, "{queue:?}");
    }
}

#[test]
fn with_both_queues_full_the_syn_queue_is_tested_first_and_a_cookie_does_not_help() {
    let lengths = QueueLengths { half_open: 5, established: 5 };
    let without = queue(4, 128, Cookies::Never).connect_half_open(lengths, 5);
    assert_eq!(
        (without.tcp_req_q_full_drop, without.listen_drops, without.listen_overflows),
        (5, 5, 0)
    );
    let with = queue(4, 128, Cookies::WhenFull).connect_half_open(lengths, 5);
    assert_eq!((with.tcp_req_q_full_do_cookies, with.listen_overflows), (5, 5));
    assert_eq!((with.listen_drops, with.syncookies_sent), (5, 0));
}

#[test]
fn cookies_rescue_live_clients_until_the_accept_queue_is_full() {
    let lengths = QueueLengths { half_open: 5, established: 0 };
    let effects = queue(4, 128, Cookies::WhenFull).connect_live(lengths, 8);
    let expected = Effects {
        syn_recv: 5,
        established: 5,
        listen_drops: 3,
        listen_overflows: 3,
        tcp_req_q_full_do_cookies: 8,
        syncookies_sent: 5,
        syncookies_recv: 5,
        tcp_req_q_full_drop: 0,
    };
    assert_eq!(effects, expected);
}

#[test]
fn the_reserved_quarter_is_available_to_a_proven_peer() {
    let queue = SynQueue { peers_are_proven: true, ..queue(128, 16, Cookies::Never) };
    assert_eq!(queue.capacity(), 129);
}

#[test]
fn with_the_older_rule_backlog_0_accepts_nothing() {
    let full = SynQueueFull::AtOrAbove;
    let queue = SynQueue { full, ..queue(0, 128, Cookies::Never) };
    assert_eq!(queue.capacity(), 0);
    assert_eq!(queue.connect_live(QueueLengths::default(), 3).established, 0);
}

#[test]
fn the_rule_follows_from_an_observation() {
    assert_eq!(SynQueueFull::from_observation(4, 5), Some(SynQueueFull::Above));
    assert_eq!(SynQueueFull::from_observation(4, 4), Some(SynQueueFull::AtOrAbove));
    assert_eq!(SynQueueFull::from_observation(4, 3), None, "neither rule predicts this");
}

#[test]
fn every_value_but_0_and_2_acts_as_1() {
    let meant: Vec<_> = [0, 1, 2, 3, 255].into_iter().map(Cookies::from_sysctl).collect();
    assert_eq!(meant[..3], [Cookies::Never, Cookies::WhenFull, Cookies::Always]);
    assert_eq!(meant[3..], [Cookies::WhenFull, Cookies::WhenFull]);
}

fn any_queue() -> impl Strategy<Value = SynQueue> {
    (
        prop_oneof![0..300u32, any::<u32>()],
        prop_oneof![-5..300i32, any::<i32>()],
        (0..4u32).prop_map(Cookies::from_sysctl),
        prop_oneof![Just(SynQueueFull::Above), Just(SynQueueFull::AtOrAbove)],
        any::<bool>(),
    )
        .prop_map(|(limit, max_syn_backlog, cookies, full, peers_are_proven)| SynQueue {
            limit,
            max_syn_backlog,
            cookies,
            full,
            peers_are_proven,
        })
}

proptest! {
    #[test]
    fn the_queue_never_holds_more_than_the_limit_plus_one(queue in any_queue()) {
        prop_assert!(queue.capacity() <= u64::from(queue.limit) + 1);
    }

    #[test]
    fn a_larger_setting_never_holds_fewer(queue in any_queue(), more in 1..500u32) {
        let longer = SynQueue { limit: queue.limit.saturating_add(more), ..queue };
        prop_assert!(longer.capacity() >= queue.capacity());
        let max_syn_backlog = queue.max_syn_backlog.saturating_add_unsigned(more);
        let roomier = SynQueue { max_syn_backlog, ..queue };
        prop_assert!(roomier.capacity() >= queue.capacity());
    }

    #[test]
    fn the_older_rule_holds_at_most_one_less(queue in any_queue()) {
        let capacity = |full| SynQueue { full, ..queue }.capacity();
        let difference = capacity(SynQueueFull::Above) - capacity(SynQueueFull::AtOrAbove);
        prop_assert!(difference <= 1);
    }

    /// The capacity and the tests of each SYN are separate code.
    #[test]
    fn a_syn_finds_a_place_below_the_capacity_and_none_at_it(
        queue in any_queue(),
        fraction in 0.0..1.0f64,
    ) {
        let capacity = queue.capacity();
        let at = |half_open| queue.decide(QueueLengths { half_open, established: 0 });
        if capacity > 0 {
            let below = ((capacity as f64 * fraction) as u64).min(capacity - 1);
            prop_assert_eq!(at(below), SynDecision::Queued);
            prop_assert_eq!(at(capacity - 1), SynDecision::Queued);
        }
        prop_assert_ne!(at(capacity), SynDecision::Queued);
    }

    /// All SYNs at once have the same effects as one after the other.
    #[test]
    fn the_effects_are_the_sum_of_single_decisions(
        queue in any_queue(),
        half_open in 0..300u64,
        established in 0..300u64,
        syns in 0..400u64,
    ) {
        let before = QueueLengths { half_open, established };
        let mut lengths = before;
        let mut one_by_one = Effects { established, ..Effects::default() };
        for _ in 0..syns {
            let decision = queue.decide(lengths);
            lengths.half_open += u64::from(decision == SynDecision::Queued);
            one_by_one.count(decision, 1);
        }
        one_by_one.syn_recv = lengths.half_open;
        prop_assert_eq!(queue.connect_half_open(before, syns), one_by_one);
    }

    #[test]
    fn every_client_connects_or_is_dropped(
        queue in any_queue(),
        half_open in 0..300u64,
        established in 0..300u64,
        clients in 0..1_000u64,
    ) {
        let effects = queue.connect_live(QueueLengths { half_open, established }, clients);
        prop_assert_eq!(effects.established - established + effects.listen_drops, clients);
        prop_assert!(effects.listen_overflows <= effects.listen_drops);
        prop_assert_eq!(effects.syncookies_sent, effects.syncookies_recv);
    }
}

#[test]
fn the_smallest_max_syn_backlog_satisfies_the_three_quarters_rule() {
    for half_open in (0..2000).chain([4096, 1_000_000, u32::MAX]) {
        let m = required_max_syn_backlog(half_open);
        let admits = |m: i32| three_quarters(m) + 1 >= i64::from(half_open);
        assert!(admits(m) || m == i32::MAX, "{half_open}");
        assert!(m == 0 || !admits(m - 1), "{half_open}");
    }
}
