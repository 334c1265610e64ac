//! What happens to a final ACK that finds the accept queue full.

use std::time::Duration;

use queue_model::simulator::{
    Accepts, Arrival, Counters, Link, ListenPath, Listener, Outcome, SynCookies, burst, simulate,
};

const SECOND: u64 = 1_000_000_000;
const MICROSECOND: u64 = 1_000;
const ROUND_TRIP: u64 = 20 * MICROSECOND;

/// One queued connection, then as many simultaneous clients as the SYN queue holds: the
/// last one's final ACK finds the accept queue full.
fn one_phantom() -> (ListenPath, Vec<Arrival>) {
    let path = ListenPath {
        listener: Listener {
            limit: 8,
            syncookies: SynCookies::Off,
            synack_retries: 3,
            ..Listener::default()
        },
        link: Link { delay: Duration::from_micros(10), ..Link::default() },
        accepts: Accepts::Never,
        ..ListenPath::default()
    };
    let mut arrivals = vec![Arrival::live(0)];
    arrivals.extend([Arrival::live(SECOND / 1000); 9]);
    (path, arrivals)
}

/// The client that becomes the phantom of [`one_phantom`].
const LAST: usize = 9;

#[test]
fn a_silent_phantom_overflows_with_every_syn_ack_and_stays_established() {
    let (path, arrivals) = one_phantom();
    let simulation = simulate(&path, &arrivals);
    assert_eq!(simulation.count(Outcome::Established), 9);
    let last = simulation.attempts[LAST];
    assert_eq!(last.outcome, Outcome::Phantom);
    assert_eq!((last.connect_ns, last.failed_ns), (Some(ROUND_TRIP), None));
    // The final ACK, and one more after each SYN-ACK at 1, 3 and 7 s.
    assert_eq!(
        simulation.counters,
        Counters {
            listen_overflows: 4,
            listen_drops: 4,
            syn_ack_retrans: 3,
            ..Counters::default()
        }
    );
    assert_eq!(simulation.syn_queue.last, 0);
    assert_eq!(simulation.end_ns / SECOND, 15);
}

#[test]
fn with_room_the_next_syn_ack_turns_a_phantom_into_a_connection() {
    let (mut path, arrivals) = one_phantom();
    path.accepts = Accepts::Every { service: Duration::from_millis(1), from_ns: 2 * SECOND };
    let simulation = simulate(&path, &arrivals);
    let last = simulation.attempts[LAST];
    assert_eq!(last.outcome, Outcome::Established);
    assert_eq!((last.connect_ns, last.syn_retransmits), (Some(ROUND_TRIP), 0));
    // The request's timer starts with its SYN; the SYN-ACK at 3 s makes the client answer.
    let start = arrivals[LAST].start_ns;
    assert_eq!(last.accepted_ns, Some(start + 3 * SECOND + ROUND_TRIP + ROUND_TRIP / 2));
    assert_eq!(simulation.counters.listen_overflows, 2);
}

#[test]
fn with_room_data_turns_a_phantom_into_a_connection() {
    let (mut path, arrivals) = one_phantom();
    path.accepts = Accepts::Every { service: Duration::from_millis(1), from_ns: SECOND / 10 };
    path.client.first_data = Some(Duration::from_millis(500));
    let simulation = simulate(&path, &arrivals);
    let last = simulation.attempts[LAST];
    assert_eq!(last.outcome, Outcome::Established);
    let sent = arrivals[LAST].start_ns + ROUND_TRIP + SECOND / 2;
    assert_eq!(last.accepted_ns, Some(sent + ROUND_TRIP / 2));
    assert_eq!(simulation.counters.syn_ack_retrans, 0);
}

/// Measured on kernel 6.18 with data 20 ms after ESTABLISHED: retransmitted 0.2, 0.4, 0.8,
/// 1.6, 3.2 and 6.4 s later, besides the ACKs that answer SYN-ACKs at 1, 3 and 7 s.
#[test]
fn retransmitted_data_overflows_while_the_queue_is_full() {
    let (mut path, arrivals) = one_phantom();
    path.client.first_data = Some(Duration::from_millis(20));
    let start = arrivals[LAST].start_ns / 1_000_000;
    let arrivals_ms = [0, 20, 220, 420, 820, 1_000, 1_620, 3_000, 3_220, 6_420, 7_000];
    for (overflows, at) in arrivals_ms.into_iter().enumerate() {
        path.until_ns = Some((start + at) * 1_000_000);
        let simulation = simulate(&path, &arrivals);
        assert_eq!(simulation.attempts[LAST].outcome == Outcome::Phantom, at > 0);
        assert_eq!(simulation.counters.listen_overflows, overflows as u64, "before {at} ms");
    }
    path.until_ns = Some(8 * SECOND);
    let counters = simulate(&path, &arrivals).counters;
    assert_eq!((counters.listen_overflows, counters.syn_ack_retrans), (11, 3));
}

#[test]
fn a_phantom_that_sends_after_its_request_expired_is_reset() {
    let (mut path, arrivals) = one_phantom();
    path.client.first_data = Some(Duration::from_secs(16));
    let simulation = simulate(&path, &arrivals);
    let last = simulation.attempts[LAST];
    assert_eq!(last.outcome, Outcome::Reset);
    assert_eq!(last.failed_ns, Some(16 * SECOND + 2 * ROUND_TRIP));
}

#[test]
fn abort_on_overflow_resets_at_the_final_ack_alone() {
    let (mut path, mut arrivals) = one_phantom();
    path.listener.abort_on_overflow = true;
    path.client.connect_deadline = Some(Duration::from_millis(500));
    arrivals.push(Arrival::live(SECOND / 10));
    let simulation = simulate(&path, &arrivals);
    let reset = simulation.attempts[LAST];
    assert_eq!(reset.outcome, Outcome::Reset);
    assert_eq!((reset.connect_ns, reset.failed_ns), (Some(ROUND_TRIP), Some(2 * ROUND_TRIP)));
    assert_eq!(simulation.attempts[LAST + 1].outcome, Outcome::TimedOut, "a SYN gets no answer");
    assert_eq!(simulation.counters.embryonic_rsts, 1);
    assert_eq!(simulation.counters.listen_overflows, 2);
}

/// Five clients for one place: clients that connect one after the other have their SYNs
/// dropped, simultaneous ones are admitted and find the accept queue full later.
#[test]
fn only_connects_that_overlap_make_phantoms() {
    for (spacing, phantoms) in [(1, 4), (1_000, 0)] {
        let mut path = one_phantom().0;
        path.until_ns = Some(SECOND / 2);
        path.listener.limit = 4;
        let mut arrivals = burst(4, Duration::from_millis(1));
        arrivals.extend((0..5).map(|client| Arrival::live(SECOND / 10 + client * spacing * 1_000)));
        let simulation = simulate(&path, &arrivals);
        assert_eq!(simulation.count(Outcome::Established), 5);
        assert_eq!(simulation.count(Outcome::Phantom), phantoms, "{spacing} µs apart");
        assert_eq!(simulation.count(Outcome::Unfinished), 4 - phantoms);
        assert_eq!(simulation.counters.listen_overflows, 4);
    }
}

/// Segments that one CPU handles one after the other overlap even on a link without
/// delay.
#[test]
fn syns_of_one_instant_are_all_handled_before_the_first_ack() {
    let mut path = one_phantom().0;
    path.link = Link { per_segment: Duration::from_micros(1), ..Link::default() };
    path.until_ns = Some(SECOND / 2);
    path.listener.limit = 4;
    let simulation = simulate(&path, &[Arrival::live(0); 8]);
    assert_eq!(simulation.syn_queue.max, 5);
    assert_eq!(simulation.count(Outcome::Established), 5);
    assert_eq!(simulation.counters.tcp_req_q_full_drop, 3);
    assert_eq!(simulation.counters.listen_overflows, 0);
}

/// With cookies the server stores nothing about a client whose ACK finds no room: it
/// retransmits no SYN-ACK, but the client's data returns the cookie.
#[test]
fn only_data_turns_the_phantom_of_a_cookie_into_a_connection() {
    for (first_data, outcome) in
        [(None, Outcome::Phantom), (Some(Duration::from_secs(1)), Outcome::Established)]
    {
        let (mut path, arrivals) = one_phantom();
        path.listener.syncookies = SynCookies::Always;
        path.accepts = Accepts::Every { service: Duration::from_millis(1), from_ns: SECOND / 2 };
        path.client.first_data = first_data;
        let simulation = simulate(&path, &arrivals);
        assert_eq!(simulation.attempts[LAST].outcome, outcome);
        assert_eq!(simulation.counters.syncookies_sent, 10);
        assert_eq!(simulation.counters.syn_ack_retrans, 0);
    }
}

/// Measured on kernel 6.18: silent clients that close two seconds later.
#[test]
fn a_fin_at_a_known_instant_turns_a_phantom_into_a_connection() {
    let (mut path, mut arrivals) = one_phantom();
    path.accepts = Accepts::Every { service: Duration::from_millis(1), from_ns: SECOND / 10 };
    let sent = arrivals[LAST].start_ns + SECOND / 2;
    arrivals[LAST].first_sent_ns = Some(sent);
    let simulation = simulate(&path, &arrivals);
    assert_eq!(simulation.attempts[LAST].outcome, Outcome::Established);
    assert_eq!(simulation.attempts[LAST].accepted_ns, Some(sent + ROUND_TRIP / 2));
    assert_eq!((simulation.counters.syn_ack_retrans, simulation.ack_overflows), (0, 1));
}

/// Measured on kernel 6.18 with ten messages, 5 ms apart: the probe after 0.2 s carries the
/// second one, whose sequence number is not that of a cookie.
#[test]
fn a_probe_with_new_data_resets_the_phantom_of_a_cookie() {
    for (cookies, probes_with_new_data, outcome) in [
        (SynCookies::Always, true, Outcome::Reset),
        (SynCookies::Always, false, Outcome::Phantom),
        (SynCookies::Off, true, Outcome::Phantom),
    ] {
        let (mut path, arrivals) = one_phantom();
        path.listener.syncookies = cookies;
        path.client.first_data = Some(Duration::from_millis(20));
        path.client.probes_with_new_data = probes_with_new_data;
        path.until_ns = Some(SECOND / 2);
        let simulation = simulate(&path, &arrivals);
        assert_eq!(simulation.attempts[LAST].outcome, outcome, "{cookies:?}");
    }
}

/// A client that gave up answers its late SYN-ACK with an RST, which removes its request.
#[test]
fn the_rst_of_a_client_that_gave_up_removes_its_request() {
    let (mut path, _) = one_phantom();
    path.link.delay = Duration::from_millis(100);
    path.client.connect_deadline = Some(Duration::from_millis(150));
    let simulation = simulate(&path, &[Arrival::live(0)]);
    assert_eq!(simulation.count(Outcome::TimedOut), 1);
    assert_eq!(simulation.counters.embryonic_rsts, 1);
    assert_eq!(simulation.syn_queue.last, 0);
    assert_eq!(simulation.accept_queue.max, 0);
}
