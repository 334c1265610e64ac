//! Simulates a burst of a million connects, and says how long that took:
//! `cargo run --release --package queue-model --example burst`.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::{Duration, Instant};

use queue_model::simulator::{Accepts, Client, Link, ListenPath, Outcome, burst, simulate};

fn main() {
    let arrivals = burst(1_000_000, Duration::from_micros(1));
    let mut path = ListenPath {
        link: Link { delay: Duration::from_micros(20), ..Link::default() },
        accepts: Accepts::Every { service: Duration::from_micros(30), from_ns: 0 },
        ..ListenPath::default()
    };
    for (name, deadline) in
        [("2 s to connect", Some(Duration::from_secs(2))), ("to ETIMEDOUT", None)]
    {
        path.client = Client { connect_deadline: deadline, ..Client::default() };
        let start = Instant::now();
        let simulation = simulate(&path, &arrivals);
        let took = start.elapsed();
        println!(
            "{name}: {} of {} accepted, {} timed out, {} SYN retransmissions, {} overflows; \
             simulated in {:.2} s",
            simulation.accepted(),
            arrivals.len(),
            simulation.count(Outcome::TimedOut),
            simulation.counters.tcp_syn_retrans,
            simulation.counters.listen_overflows,
            took.as_secs_f64(),
        );
    }
}
