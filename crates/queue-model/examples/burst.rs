//! Simulates a burst of a million connects and prints how long that took:
//! `cargo run --release --package queue-model --example burst`.

#![expect(clippy::print_stdout, reason = "an example prints its results")]

use std::time::{Duration, Instant};

use queue_model::simulator::{Accepts, Client, Link, ListenPath, Outcome, Timers, burst, simulate};

fn main() {
    let arrivals = burst(1_000_000, Duration::from_micros(1));
    let service =
        |microseconds| Accepts::Every { service: Duration::from_micros(microseconds), from_ns: 0 };
    for (name, accepts, deadline) in [
        ("a connection every 30 µs, 2 s to connect", service(30), Some(Duration::from_secs(2))),
        ("a connection every 30 µs, until ETIMEDOUT", service(30), None),
        ("a paused server, until ETIMEDOUT", Accepts::Never, None),
    ] {
        let path = ListenPath {
            client: Client { connect_deadline: deadline, ..Client::default() },
            link: Link {
                delay: Duration::from_micros(5),
                per_segment: Duration::from_nanos(200),
                ..Link::default()
            },
            timers: Timers::Wheel { hz: 250 },
            accepts,
            ..ListenPath::default()
        };
        let start = Instant::now();
        let simulation = simulate(&path, &arrivals);
        let took = start.elapsed();
        println!(
            "{name}: {} of {} accepted, {} phantoms, {} timed out, {} SYN retransmissions; \
             simulated in {:.2} s",
            simulation.accepted(),
            arrivals.len(),
            simulation.count(Outcome::Phantom),
            simulation.count(Outcome::TimedOut),
            simulation.counters.tcp_syn_retrans,
            took.as_secs_f64(),
        );
    }
}
