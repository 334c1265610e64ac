//! The smallest backlog for a burst, by simulation of random bursts.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::simulator::{
    Accepts, Arrival, Link, ListenPath, Listener, Outcome, Simulation, Timers, USUAL_HZ,
    VETH_PER_SEGMENT, simulate,
};

/// Expected number of late attempts in all bursts together, for a meaningful share.
const MIN_LATE_ATTEMPTS: f64 = 50.0;
/// Minimum and maximum number of bursts that are simulated for each backlog.
const MIN_BURSTS: f64 = 20.0;
const MAX_BURSTS: f64 = 2000.0;

/// A burst, and what the server should make of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurstSettings {
    /// Arrivals per second; their intervals are random.
    pub arrival_rate: f64,
    /// Number of connections.
    pub connections: u32,
    /// Connections per second that the server accepts while connections wait.
    pub accept_rate: f64,
    /// Share of connections that may be late: that may need to retransmit their SYN.
    pub max_late_share: f64,
    /// Seed of the random arrivals.
    pub seed: u64,
}

/// The random bursts that are simulated with every backlog.
#[derive(Debug)]
pub struct Bursts {
    settings: BurstSettings,
    arrivals: Vec<Vec<Arrival>>,
}

/// The result of all bursts with one backlog.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BacklogResult {
    late: u64,
    attempts: u64,
    /// The longest connect(2).
    pub worst_connect: Duration,
    /// The maximum length of the accept queue.
    pub deepest: u32,
}

impl Bursts {
    /// Bursts with Poisson arrivals: as many as a meaningful share of late attempts needs.
    pub fn new(settings: BurstSettings) -> Self {
        let required =
            MIN_LATE_ATTEMPTS / settings.max_late_share / f64::from(settings.connections);
        let count = required.ceil().clamp(MIN_BURSTS, MAX_BURSTS) as usize;
        let mut random = StdRng::seed_from_u64(settings.seed);
        let mut burst = || {
            let mut at = 0.0;
            let arrivals = (0..settings.connections).map(|_| {
                // Exponential intervals: the arrivals are independent.
                at -= (1.0 - random.random::<f64>()).ln() / settings.arrival_rate;
                Arrival::live((at * 1e9) as u64)
            });
            arrivals.collect()
        };
        Self { settings, arrivals: (0..count).map(|_| burst()).collect() }
    }

    /// The number of bursts.
    pub fn count(&self) -> usize {
        self.arrivals.len()
    }

    /// The smallest backlog with which no more connections are late than may be.
    pub fn smallest_backlog(&self) -> u32 {
        // A backlog as large as the burst drops no connection.
        let (mut too_small, mut enough) = (None, self.settings.connections);
        while too_small.map_or(enough > 0, |small: u32| enough - small > 1) {
            let middle = too_small.map_or(0, |small| small + 1).midpoint(enough);
            let middle = middle.min(enough - 1);
            if self.simulate(middle).late_share() <= self.settings.max_late_share {
                enough = middle;
            } else {
                too_small = Some(middle);
            }
        }
        enough
    }

    /// Simulates all bursts with a backlog.
    pub fn simulate(&self, backlog: u32) -> BacklogResult {
        let service = Duration::from_secs_f64(1.0 / self.settings.accept_rate);
        let path = ListenPath {
            listener: Listener { limit: backlog, max_syn_backlog: i32::MAX, ..Listener::default() },
            link: Link {
                delay: Duration::from_micros(5),
                per_segment: VETH_PER_SEGMENT,
                ..Link::default()
            },
            accepts: Accepts::Every { service, from_ns: 0 },
            timers: Timers::Wheel { hz: USUAL_HZ },
            ..ListenPath::default()
        };
        let mut result =
            BacklogResult { late: 0, attempts: 0, worst_connect: Duration::ZERO, deepest: 0 };
        for burst in &self.arrivals {
            result.add(&simulate(&path, burst));
        }
        result
    }
}

impl BacklogResult {
    /// The share of late connections.
    pub fn late_share(&self) -> f64 {
        self.late as f64 / self.attempts as f64
    }

    fn add(&mut self, simulation: &Simulation) {
        for attempt in &simulation.attempts {
            let in_time = attempt.outcome == Outcome::Established && attempt.syn_retransmits == 0;
            self.late += u64::from(!in_time);
            let connect = Duration::from_nanos(attempt.connect_ns.unwrap_or(0));
            self.worst_connect = self.worst_connect.max(connect);
        }
        self.attempts += simulation.attempts.len() as u64;
        self.deepest = self.deepest.max(simulation.accept_queue.max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bursts(connections: u32, accept_rate: f64, max_late_share: f64) -> Bursts {
        let arrival_rate = 50_000.0;
        Bursts::new(BurstSettings {
            arrival_rate,
            connections,
            accept_rate,
            max_late_share,
            seed: 1,
        })
    }

    #[test]
    fn the_smallest_backlog_is_sufficient_and_one_less_is_not() {
        for max_late_share in [0.01, 0.2] {
            let bursts = bursts(100, 20_000.0, max_late_share);
            let backlog = bursts.smallest_backlog();
            assert!(bursts.simulate(backlog).late_share() <= max_late_share, "{backlog}");
            assert!(bursts.simulate(backlog - 1).late_share() > max_late_share, "{backlog}");
        }
    }

    #[test]
    fn a_fast_server_needs_no_backlog() {
        assert_eq!(bursts(1, 20_000.0, 0.01).smallest_backlog(), 0);
    }

    #[test]
    fn the_number_of_bursts_depends_on_the_allowed_share() {
        assert_eq!(bursts(100, 20_000.0, 0.5).count(), 20);
        assert_eq!(bursts(100, 20_000.0, 0.01).count(), 50);
        assert_eq!(bursts(1, 20_000.0, 1e-4).count(), 2000);
    }
}
