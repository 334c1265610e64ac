//! Properties of all simulations.

use std::time::Duration;

use proptest::prelude::*;
use queue_model::simulator::{
    Accepts, Arrival, Client, Link, ListenPath, Listener, Outcome, Peer, SynCookies, SynQueueRule,
    Timers, burst, simulate,
};

fn microseconds(range: std::ops::Range<u64>) -> impl Strategy<Value = Duration> {
    range.prop_map(Duration::from_micros)
}

fn listener() -> impl Strategy<Value = Listener> {
    (
        0..20_u32,
        -4..40_i32,
        prop_oneof![Just(SynCookies::Off), Just(SynCookies::WhenFull), Just(SynCookies::Always)],
        prop_oneof![Just(SynQueueRule::MoreThanLimit), Just(SynQueueRule::AtLimit)],
        0..6_u32,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(limit, max_syn_backlog, syncookies, rule, retries, abort, proven)| {
            Listener {
                limit,
                max_syn_backlog,
                syncookies,
                syn_queue_rule: rule,
                synack_retries: retries,
                abort_on_overflow: abort,
                proven_peers: proven,
            }
        })
}

fn client() -> impl Strategy<Value = Client> {
    (
        1..5_u32,
        0..5_u32,
        microseconds(1_000_000..120_000_001),
        proptest::option::of(microseconds(0..10_000_000)),
        proptest::option::of(microseconds(0..3_000_000)),
        any::<bool>(),
    )
        .prop_map(|(syn_retries, linear, rto_max, connect_deadline, first_data, probes)| {
            Client {
                syn_retries,
                syn_linear_timeouts: linear,
                rto_max,
                connect_deadline,
                first_data,
                probes_with_new_data: probes,
            }
        })
}

fn accepts() -> impl Strategy<Value = Accepts> {
    prop_oneof![
        Just(Accepts::Never),
        (microseconds(0..500_000), 0..5_000_000_000_u64)
            .prop_map(|(service, from_ns)| Accepts::Every { service, from_ns }),
        proptest::collection::vec(0..8_000_000_000_u64, 0..40).prop_map(|mut instants| {
            instants.sort_unstable();
            Accepts::At(instants)
        }),
    ]
}

fn path() -> impl Strategy<Value = ListenPath> {
    (
        listener(),
        client(),
        (microseconds(0..2_000), microseconds(0..20), 0..60_u32),
        accepts(),
        prop_oneof![Just(Timers::Exact), Just(Timers::Wheel { hz: 250 })],
        proptest::option::of(0..10_000_000_000_u64),
    )
        .prop_map(
            |(
                listener,
                client,
                (delay, per_segment, netdev_max_backlog),
                accepts,
                timers,
                until_ns,
            )| {
                let link = Link { delay, per_segment, netdev_max_backlog };
                let max_late = None;
                let trace_depths = true;
                ListenPath {
                    listener,
                    client,
                    link,
                    accepts,
                    timers,
                    until_ns,
                    max_late,
                    trace_depths,
                }
            },
        )
}

fn arrivals() -> impl Strategy<Value = Vec<Arrival>> {
    let peer = prop_oneof![
        8 => Just(Peer::Live),
        1 => Just(Peer::HalfOpen),
        1 => Just(Peer::Unreachable),
    ];
    let close = proptest::option::weighted(0.2, 0..10_000_000_000_u64);
    let sent = proptest::option::weighted(0.2, 0..10_000_000_000_u64);
    let arrival =
        (0..200_000_u64, peer, close, sent).prop_map(|(at, peer, close_ns, first_sent_ns)| {
            // Few distinct instants, so that ties are common.
            Arrival { start_ns: at / 50 * 50_000, peer, close_ns, first_sent_ns }
        });
    proptest::collection::vec(arrival, 0..60)
}

proptest! {
    #[test]
    fn outcomes_and_counters_are_consistent(path in path(), arrivals in arrivals()) {
        let simulation = simulate(&path, &arrivals);
        let counters = simulation.counters;

        let outcomes = [
            Outcome::Established,
            Outcome::TimedOut,
            Outcome::Reset,
            Outcome::Phantom,
            Outcome::Unfinished,
        ];
        let counted: u64 = outcomes.iter().map(|&outcome| simulation.count(outcome)).sum();
        prop_assert_eq!(counted, arrivals.len() as u64);
        prop_assert_eq!(
            simulation.accepted() + u64::from(simulation.accept_queue.last),
            simulation.count(Outcome::Established)
        );
        for (attempt, arrival) in simulation.attempts.iter().zip(&arrivals) {
            let established =
                matches!(attempt.outcome, Outcome::Established | Outcome::Phantom | Outcome::Reset);
            prop_assert_eq!(attempt.connect_ns.is_some(), established);
            let failed = matches!(attempt.outcome, Outcome::TimedOut | Outcome::Reset);
            prop_assert_eq!(attempt.failed_ns.is_some(), failed);
            prop_assert!(arrival.peer == Peer::Live || !established);
            if let Some(accepted) = attempt.accepted_ns {
                prop_assert_eq!(attempt.outcome, Outcome::Established);
                prop_assert!(accepted >= arrival.start_ns + attempt.connect_ns.unwrap_or(0));
            }
            if let (Some(deadline), Some(connect), None) =
                (path.client.connect_deadline, attempt.connect_ns, arrival.close_ns)
            {
                prop_assert!(u128::from(connect) <= deadline.as_nanos());
            }
            if let (Some(close), Some(connect)) = (arrival.close_ns, attempt.connect_ns) {
                prop_assert!(arrival.start_ns + connect <= close.max(arrival.start_ns));
            }
        }

        prop_assert!(counters.listen_overflows + counters.tcp_req_q_full_drop <= counters.listen_drops);
        prop_assert!(counters.syncookies_sent <= counters.tcp_req_q_full_do_cookies);
        let retransmits: u64 =
            simulation.attempts.iter().map(|attempt| u64::from(attempt.syn_retransmits)).sum();
        prop_assert_eq!(counters.tcp_syn_retrans, retransmits);
        if path.listener.syncookies == SynCookies::Off {
            prop_assert_eq!(counters.tcp_req_q_full_do_cookies, 0);
            prop_assert_eq!(counters.syncookies_recv, 0);
        } else {
            prop_assert_eq!(counters.listen_drops, counters.listen_overflows);
        }

        prop_assert!(simulation.accept_queue.max <= path.listener.limit + 1);
        prop_assert!(simulation.syn_queue.max <= path.listener.limit + 1);
        let deepest = simulation.depths.iter().map(|depth| depth.accept_queue).max().unwrap_or(0);
        prop_assert_eq!(deepest, simulation.accept_queue.max);
        prop_assert!(simulation.depths.is_sorted_by_key(|depth| depth.at_ns));
        if let Accepts::At(instants) = &path.accepts {
            prop_assert!(simulation.accepted() <= instants.len() as u64);
        }
        if path.until_ns.is_none() {
            prop_assert_eq!(simulation.count(Outcome::Unfinished), 0);
            prop_assert_eq!(simulation.syn_queue.last, 0);
        }
    }

    #[test]
    fn the_same_input_produces_the_same_output(path in path(), arrivals in arrivals()) {
        prop_assert_eq!(simulate(&path, &arrivals), simulate(&path, &arrivals));
    }

    #[test]
    fn a_burst_that_fits_into_the_accept_queue_loses_no_connection(
        limit in 0..200_u32,
        accepts in accepts(),
        spacing in microseconds(0..50),
        per_segment in microseconds(0..20),
        delay in microseconds(0..2_000),
    ) {
        let path = ListenPath {
            listener: Listener { limit, syncookies: SynCookies::Off, ..Listener::default() },
            link: Link { delay, per_segment, ..Link::default() },
            accepts,
            ..ListenPath::default()
        };
        let simulation = simulate(&path, &burst(limit + 1, spacing));
        prop_assert_eq!(simulation.established_rate(), 1.0);
        prop_assert_eq!(simulation.counters.listen_drops, 0);
    }

    /// The purpose of [`Accepts::At`]: the instants of accept(2) describe the server
    /// completely.
    #[test]
    fn measured_accept_instants_reproduce_the_trial(
        mut path in path(),
        arrivals in arrivals(),
        service in microseconds(1..500_000),
        from_ns in 0..5_000_000_000_u64,
    ) {
        path.accepts = Accepts::Every { service, from_ns };
        let measured = simulate(&path, &arrivals);
        let mut instants: Vec<_> =
            measured.attempts.iter().filter_map(|attempt| attempt.accepted_ns).collect();
        instants.sort_unstable();
        path.accepts = Accepts::At(instants);
        let replayed = simulate(&path, &arrivals);
        prop_assert_eq!(&replayed.attempts, &measured.attempts);
        prop_assert_eq!(replayed.counters, measured.counters);
    }
}

#[test]
fn a_half_open_client_retransmits_until_it_closes_its_socket() {
    let path = ListenPath {
        client: Client { connect_deadline: Some(Duration::from_millis(1500)), ..Client::default() },
        until_ns: Some(10_000_000_000),
        ..ListenPath::default()
    };
    for (close_ns, failed, retransmissions) in
        [(None, 1_500, 1), (Some(1_200), 1_200, 1), (Some(3_500), 3_500, 3)]
    {
        let close_ns = close_ns.map(|ms: u64| ms * 1_000_000);
        let simulation = simulate(&path, &[Arrival { close_ns, ..Arrival::half_open(0) }]);
        assert_eq!(simulation.attempts[0].outcome, Outcome::TimedOut);
        assert_eq!(simulation.attempts[0].failed_ns, Some(failed * 1_000_000));
        assert_eq!(simulation.counters.tcp_syn_retrans, retransmissions);
    }
}

#[test]
fn a_simulation_ends_with_one_late_attempt_too_many() {
    let path = ListenPath {
        listener: Listener { limit: 0, ..Listener::default() },
        accepts: Accepts::Never,
        max_late: Some(3),
        ..ListenPath::default()
    };
    let simulation = simulate(&path, &burst(10, Duration::from_millis(1)));
    let late = simulation.attempts.iter().filter(|attempt| attempt.syn_retransmits > 0);
    assert_eq!(late.count(), 4);
}
