//! The simulator compared with measurements on kernel 6.18.

#[path = "../measured/syn_queue.rs"]
mod syn_queue;

use std::time::Duration;

use queue_model::simulator::{
    Accepts, Arrival, Client, Counters, Link, ListenPath, Listener, Outcome, Simulation,
    SynCookies, SynQueueRule, Timers, burst, simulate,
};

const SECOND: u64 = 1_000_000_000;
const MICROSECOND: u64 = 1_000;

/// A server that never accepts, 10 µs from its clients.
fn paused(limit: u32, max_syn_backlog: i32, syncookies: SynCookies) -> ListenPath {
    ListenPath {
        listener: Listener { limit, max_syn_backlog, syncookies, ..Listener::default() },
        link: Link { delay: Duration::from_micros(10), ..Link::default() },
        accepts: Accepts::Never,
        ..ListenPath::default()
    }
}

/// Live clients from `from_ns` on, each established before the next one starts.
fn one_after_the_other(clients: u32, from_ns: u64) -> Vec<Arrival> {
    (0..u64::from(clients))
        .map(|client| Arrival::live(from_ns + client * 100 * MICROSECOND))
        .collect()
}

/// Simultaneous clients that stay half-open.
fn half_open(clients: usize) -> Vec<Arrival> {
    vec![Arrival::half_open(0); clients]
}

/// Simulates until just before the first client retransmission.
fn before_retransmission(mut path: ListenPath, arrivals: &[Arrival]) -> Simulation {
    path.until_ns = Some(SECOND - 1);
    simulate(&path, arrivals)
}

#[test]
fn a_paused_server_establishes_its_limit_plus_one_and_the_rest_times_out() {
    for limit in [0, 1, 5, 128] {
        let mut path = paused(limit, 4096, SynCookies::Off);
        path.client.connect_deadline = Some(Duration::from_secs(2));
        let clients = limit + 30;
        let simulation = simulate(&path, &one_after_the_other(clients, 0));
        assert_eq!(simulation.count(Outcome::Established), u64::from(limit) + 1);
        assert_eq!(simulation.count(Outcome::TimedOut), 29);
        assert_eq!(simulation.accept_queue.last, limit + 1);
        assert_eq!(simulation.syn_retransmits(), [(0, u64::from(limit) + 1), (1, 29)].into());
        assert_eq!(
            simulation.counters,
            Counters {
                listen_overflows: 58,
                listen_drops: 58,
                tcp_syn_retrans: 29,
                ..Counters::default()
            }
        );
        assert!(simulation.attempts.iter().all(|attempt| attempt.accepted_ns.is_none()));
    }
}

#[test]
fn the_syn_queue_without_cookies_matches() {
    for [limit, max_syn_backlog, clients, syn_recv, drops, full] in syn_queue::WITHOUT_COOKIES {
        let path = paused(limit, max_syn_backlog.cast_signed(), SynCookies::Off);
        let simulation = before_retransmission(path, &half_open(clients as usize));
        let counters = simulation.counters;
        assert_eq!(
            (simulation.syn_queue.last, counters.listen_drops, counters.tcp_req_q_full_drop),
            (syn_recv, u64::from(drops), u64::from(full)),
            "limit {limit}, tcp_max_syn_backlog {max_syn_backlog}"
        );
        assert_eq!(counters.listen_overflows, 0);
    }
}

#[test]
fn only_the_limit_applies_to_a_proven_peer() {
    let mut path = paused(128, 16, SynCookies::Off);
    path.listener.proven_peers = true;
    let simulation = before_retransmission(path, &half_open(149));
    assert_eq!(simulation.syn_queue.last, 129);
}

/// Kernels before January 2025 hold one entry less, and without cookies `listen(0)`
/// accepted nothing.
#[test]
fn the_older_rule_holds_one_request_less() {
    for limit in [0, 10] {
        let mut path = paused(limit, 128, SynCookies::Off);
        path.listener.syn_queue_rule = SynQueueRule::AtLimit;
        let simulation = before_retransmission(path.clone(), &half_open(30));
        assert_eq!(simulation.syn_queue.last, limit);
        let live = before_retransmission(path, &one_after_the_other(1, 0));
        assert_eq!(live.count(Outcome::Established), u64::from(limit > 0));
    }
}

/// Limit, `tcp_max_syn_backlog`, clients, SYN_RECV, cookies.
#[test]
fn the_syn_queue_with_cookies_matches() {
    for (mode, limit, max_syn_backlog, clients, syn_recv, cookies) in [
        (SynCookies::WhenFull, 4, 128, 25, 5, 20),
        (SynCookies::WhenFull, 128, 16, 149, 129, 20),
        (SynCookies::Always, 128, 128, 10, 0, 10),
    ] {
        let path = paused(limit, max_syn_backlog, mode);
        let simulation = before_retransmission(path, &half_open(clients));
        assert_eq!(simulation.syn_queue.last, syn_recv);
        assert_eq!(
            simulation.counters,
            Counters {
                tcp_req_q_full_do_cookies: cookies,
                syncookies_sent: cookies,
                ..Counters::default()
            }
        );
    }
}

#[test]
fn cookies_rescue_a_full_syn_queue_but_not_a_full_accept_queue() {
    let mut arrivals = half_open(5);
    arrivals.extend(one_after_the_other(8, MICROSECOND));
    let simulation = before_retransmission(paused(4, 128, SynCookies::WhenFull), &arrivals);
    assert_eq!(simulation.count(Outcome::Established), 5);
    assert_eq!(
        simulation.counters,
        Counters {
            tcp_req_q_full_do_cookies: 8,
            syncookies_sent: 5,
            syncookies_recv: 5,
            listen_overflows: 3,
            listen_drops: 3,
            ..Counters::default()
        }
    );
}

#[test]
fn with_both_queues_full_the_accept_queue_refuses_the_cookie() {
    let mut arrivals = half_open(5);
    arrivals.extend(one_after_the_other(5, MICROSECOND));
    let path = paused(4, 128, SynCookies::WhenFull);
    let full = before_retransmission(path.clone(), &arrivals);
    assert_eq!((full.accept_queue.last, full.syn_queue.last), (5, 5));

    arrivals.extend(one_after_the_other(5, 1_000 * MICROSECOND));
    let more = before_retransmission(path, &arrivals);
    assert_eq!(
        more.counters,
        Counters {
            tcp_req_q_full_do_cookies: full.counters.tcp_req_q_full_do_cookies + 5,
            listen_overflows: 5,
            listen_drops: 5,
            ..full.counters
        }
    );
}

/// One client behind a full queue that never empties: `tcp_syn_retries`,
/// `tcp_syn_linear_timeouts`, retransmissions, second of ETIMEDOUT.
#[test]
fn an_unanswered_connect_ends_with_etimedout() {
    for (syn_retries, syn_linear_timeouts, retransmits, seconds) in [
        (1, 4, 2, 3),
        (2, 4, 5, 7),
        (3, 4, 7, 19),
        (4, 4, 8, 35),
        (5, 4, 9, 67),
        (6, 4, 10, 131),
        (1, 0, 1, 3),
        (2, 0, 2, 7),
        (3, 0, 3, 15),
        (4, 0, 4, 31),
        (5, 0, 5, 63),
        (6, 0, 6, 127),
    ] {
        let mut path = paused(0, 128, SynCookies::Off);
        path.client = Client { syn_retries, syn_linear_timeouts, ..Client::default() };
        let simulation = simulate(&path, &one_after_the_other(2, 0));
        let last = simulation.attempts[1];
        assert_eq!(last.outcome, Outcome::TimedOut);
        assert_eq!(last.syn_retransmits, retransmits, "{:?}", path.client);
        assert_eq!(last.failed_ns, Some(seconds * SECOND), "{:?}", path.client);
        assert_eq!(simulation.counters.tcp_syn_retrans, u64::from(retransmits));
        assert_eq!(simulation.counters.attempt_fails, 1);
    }
}

/// The server empties its queue half a second before each step of the client's
/// ladder: the client connects at the step.
#[test]
fn connect_latency_has_the_ladders_steps() {
    for (syn_linear_timeouts, steps) in
        [(4, &[0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67][..]), (0, &[0, 1, 3, 7, 15, 31, 63])]
    {
        for (retransmits, &step) in steps.iter().enumerate().skip(1) {
            let mut path = paused(0, 128, SynCookies::Off);
            path.client.syn_linear_timeouts = syn_linear_timeouts;
            path.accepts = Accepts::Every {
                service: Duration::from_millis(1),
                from_ns: step * SECOND - SECOND / 2,
            };
            let simulation = simulate(&path, &one_after_the_other(2, 0));
            let last = simulation.attempts[1];
            assert_eq!(last.outcome, Outcome::Established);
            assert_eq!(last.syn_retransmits as usize, retransmits);
            assert_eq!(last.connect_ns, Some(step * SECOND + 20 * MICROSECOND));
            assert_eq!(simulation.success_rate(), 1.0);
        }
    }
}

/// `tcp_synack_retries` 5: SYN-ACKs are retransmitted at 1, 3, 7, 15 and 31 s, and the
/// request is removed at 63.
#[test]
fn a_request_is_removed_after_the_servers_retransmissions() {
    for (synack_retries, seconds) in [(0, 1), (1, 3), (3, 15), (5, 63)] {
        let mut path = paused(128, 1024, SynCookies::Off);
        path.link = Link::default();
        path.listener.synack_retries = synack_retries;
        path.client.connect_deadline = Some(Duration::from_millis(500));
        path.trace_depths = true;
        let simulation = simulate(&path, &[Arrival::unreachable(0)]);
        assert_eq!(simulation.counters.syn_ack_retrans, u64::from(synack_retries));
        let depths: Vec<_> =
            simulation.depths.iter().map(|depth| (depth.at_ns, depth.syn_queue)).collect();
        assert_eq!(depths, [(0, 1), (seconds * SECOND, 0)]);
        assert_eq!(simulation.counters.listen_drops, 0, "an expired request is not a drop");
    }
}

/// The host of a half-open client answers a SYN-ACK once the client's socket is closed: at
/// its deadline, or when the kernel gives up, after 3 s.
#[test]
fn a_closed_socket_answers_a_syn_ack_and_its_request_is_removed() {
    for (deadline, removed) in [(Some(500), 1), (None, 3)] {
        let mut path = paused(128, 1024, SynCookies::Off);
        path.link = Link::default();
        path.client = Client {
            syn_retries: 1,
            syn_linear_timeouts: 0,
            connect_deadline: deadline.map(Duration::from_millis),
            ..Client::default()
        };
        path.trace_depths = true;
        let simulation = simulate(&path, &half_open(1));
        let depths: Vec<_> =
            simulation.depths.iter().map(|depth| (depth.at_ns / SECOND, depth.syn_queue)).collect();
        assert_eq!(depths, [(0, 1), (removed, 0)]);
        assert_eq!(simulation.counters.embryonic_rsts, 1);
    }
}

/// `tcp_rto_max_ms` shortens the client's timeouts, measured: 3 retries, ETIMEDOUT after
/// 4.1, 7.05 and 11.3 s.
#[test]
fn the_longest_timeout_shortens_the_ladder() {
    for (rto_max, retransmits, seconds) in
        [(1000, 3, 4), (2000, 3, 7), (4000, 3, 11), (8000, 3, 15), (120_000, 3, 15)]
    {
        let mut path = paused(0, 128, SynCookies::Off);
        path.client = Client {
            syn_retries: 3,
            syn_linear_timeouts: 0,
            rto_max: Duration::from_millis(rto_max),
            ..Client::default()
        };
        let simulation = simulate(&path, &one_after_the_other(2, 0));
        let last = simulation.attempts[1];
        assert_eq!(last.syn_retransmits, retransmits, "{rto_max} ms");
        assert_eq!(last.failed_ns, Some(seconds * SECOND), "{rto_max} ms");
    }
}

/// Measured with a client that drops the SYN-ACKs: the SYNs at 1 to 5 s postpone the second
/// timeout to 7 s, and the one at 7 s creates a new request.
#[test]
fn a_retransmitted_syn_keeps_its_request_alive() {
    let mut path = paused(128, 1024, SynCookies::Off);
    path.link = Link::default();
    path.listener.synack_retries = 1;
    path.client.connect_deadline = Some(Duration::from_secs(11));
    path.trace_depths = true;
    let simulation = simulate(&path, &half_open(1));
    assert_eq!(simulation.attempts[0].syn_retransmits, 6);
    assert_eq!(simulation.counters.syn_ack_retrans, 7);
    let depths: Vec<_> =
        simulation.depths.iter().map(|depth| (depth.at_ns / SECOND, depth.syn_queue)).collect();
    assert_eq!(depths, [(0, 1), (7, 0), (7, 1), (10, 0)]);
}

/// Trials of backlog-sweep in which the server accepted its first connection after the
/// burst: limit, clients, accepted, ListenOverflows, TCPReqQFullDrop.
///
/// The dropped SYNs are retransmitted together, in one slot of the timer wheel. All of them
/// are handled before the first ACK, so the SYN queue decides which of them connect,
/// however fast the server accepts.
#[test]
fn the_syn_queues_limit_applies_to_retransmitted_syns() {
    for (limit, clients, accepted, overflows, full) in [
        (10, 50, 22, 39, 28),
        (10, 205, 22, 194, 183),
        (10, 400, 22, 389, 378),
        (42, 205, 86, 162, 119),
        (42, 400, 86, 357, 314),
        (138, 400, 278, 261, 122),
    ] {
        let mut path = paused(limit, 4096, SynCookies::Off);
        path.client.connect_deadline = Some(Duration::from_secs(2));
        path.link = Link { per_segment: Duration::from_micros(1), ..Link::default() };
        path.accepts =
            Accepts::Every { service: Duration::from_micros(35), from_ns: 2_000 * MICROSECOND };
        path.timers = Timers::Wheel { hz: 250 };
        let simulation = simulate(&path, &burst(clients, Duration::from_nanos(3_500)));
        let counters = simulation.counters;
        assert_eq!(
            (simulation.accepted(), counters.listen_overflows, counters.tcp_req_q_full_drop),
            (accepted, overflows, full),
            "limit {limit}, {clients} clients"
        );
    }
}

/// 1,500 SYNs are retransmitted at one instant: the CPU has room for one and 1,000 more, and
/// the lost ones are retransmitted half a second later. Observed on a veth pair with 2,500
/// clients.
#[test]
fn an_overloaded_cpu_delays_a_retransmission_by_half_a_second() {
    let mut path = paused(10, 4096, SynCookies::Off);
    path.client.connect_deadline = Some(Duration::from_secs(2));
    path.link = Link { per_segment: Duration::from_micros(1), ..Link::default() };
    path.accepts = Accepts::Every { service: Duration::ZERO, from_ns: SECOND / 2 };
    path.timers = Timers::Wheel { hz: 250 };
    let simulation = simulate(&path, &burst(1_511, Duration::from_micros(10)));
    assert_eq!(simulation.counters.softnet_dropped, 499);
    assert_eq!(simulation.accepted(), 3 * 11);
    assert_eq!(simulation.syn_retransmits(), [(0, 11), (1, 1_001), (2, 499)].into());
    let latest = simulation.attempts.iter().filter_map(|attempt| attempt.connect_ns).max();
    assert!(latest.is_some_and(|latest| (1_500..1_570).contains(&(latest / 1_000_000))));
}
