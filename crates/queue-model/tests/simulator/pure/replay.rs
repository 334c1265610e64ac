//! The simulator compared with recorded trials: given the instants of connect(2) and
//! accept(2), it computes the kernel's counters.
//!
//! `tests/simulator/measured/*.csv` are trials of backlog-sweep on kernel 6.18 (250 Hz, two
//! CPUs, a veth pair): a row for each attempt, its accept(2) empty if there was none,
//! in nanoseconds since the start of a slot of the kernel's timer wheel.

use std::time::Duration;

use queue_model::simulator::{
    Accepts, Arrival, Client, Counters, Link, ListenPath, Listener, Outcome, Simulation,
    SynCookies, Timers, VETH_PER_SEGMENT, simulate,
};

/// Simulates a trial with its accept(2) instants: all of them, or those before
/// `accepts_until_ns` and, from 1 s on, one every 35 µs.
fn replay(limit: u32, trial: &str, accepts_until_ns: Option<u64>) -> Simulation {
    let rows = || trial.lines().skip(1).filter_map(|row| row.split_once(','));
    let arrivals: Vec<_> =
        rows().map(|(start, _)| Arrival::live(start.parse().expect("a start"))).collect();
    let mut accepts: Vec<u64> = rows().filter_map(|(_, accepted)| accepted.parse().ok()).collect();
    accepts.sort_unstable();
    if let Some(until) = accepts_until_ns {
        accepts.retain(|&at| at < until);
        accepts.extend((0..1_000).map(|connection| 1_000_000_000 + connection * 35_000));
    }
    let path = ListenPath {
        listener: Listener { limit, syncookies: SynCookies::Off, ..Listener::default() },
        client: Client { connect_deadline: Some(Duration::from_secs(2)), ..Client::default() },
        link: Link { per_segment: VETH_PER_SEGMENT, ..Link::default() },
        accepts: Accepts::At(accepts),
        timers: Timers::Wheel { hz: 250 },
        ..ListenPath::default()
    };
    simulate(&path, &arrivals)
}

#[test]
fn the_accept_instants_of_a_trial_reproduce_its_counters() {
    let snapshot = include_str!("../measured/snapshot-backlog-42-clients-166.csv");
    let global_lock = include_str!("../measured/global-lock-backlog-10-clients-205.csv");
    for (limit, trial, ok, first_try, retried, full) in
        [(42, snapshot, 105, 62, 104, 61), (10, global_lock, 70, 59, 146, 135)]
    {
        for accepts_until_ns in [None, Some(500_000_000)] {
            let simulation = replay(limit, trial, accepts_until_ns);
            assert_eq!(simulation.accepted(), ok);
            assert_eq!(simulation.count(Outcome::Established), ok);
            assert_eq!(simulation.syn_retransmits(), [(0, first_try), (1, retried)].into());
            assert_eq!(
                simulation.counters,
                Counters {
                    listen_overflows: retried,
                    listen_drops: retried + full,
                    tcp_req_q_full_drop: full,
                    tcp_syn_retrans: retried,
                    ..Counters::default()
                }
            );
        }
    }
}
