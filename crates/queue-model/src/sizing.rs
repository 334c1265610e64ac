//! The smallest backlog for a burst, by simulation of random bursts.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::thread;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::simulator::{
    Accepts, Link, ListenPath, Listener, Summary, SynCookies, SynQueueRule, Timers, USUAL_HZ,
    VETH_PER_SEGMENT, simulate_starts,
};
use crate::syn_queue::{SynQueueFull, required_max_syn_backlog};

/// Expected number of late attempts in all bursts together, for a meaningful share.
const MIN_LATE_ATTEMPTS: f64 = 50.0;

/// The number of bursts that are simulated for each backlog is at least the first, if they
/// have no more attempts than this together, and at most the last.
const USUAL_BURSTS: f64 = 20.0;
const MAX_ATTEMPTS: f64 = 2e6;
const MAX_BURSTS: f64 = 2000.0;

/// Bursts of any length have at least this many positions among the slots of the timer
/// wheel.
const PHASES: u32 = 8;

/// A burst, and what the server should make of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurstSettings {
    /// Arrivals per second; their intervals are random.
    pub arrival_rate: f64,
    /// Number of connections.
    pub connections: u32,
    /// Connections per second that the server accepts while connections wait.
    pub accept_rate: f64,
    /// The time from a SYN-ACK to the client's ACK.
    pub round_trip: Duration,
    /// Share of connections that may be late: that may need to retransmit their SYN, or find
    /// the accept queue full with their ACK.
    pub max_late_share: f64,
    /// When the kernel considers its SYN queue full.
    pub syn_queue_full: SynQueueFull,
    /// The kernel's ticks per second, if known.
    pub hz: Option<u32>,
    /// Seed of the random arrivals.
    pub seed: u64,
}

/// `tcp_syncookies`, as far as it matters for a burst of clients that all answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cookies {
    /// 1, the kernel's default: a full SYN queue drops nothing.
    WhenFull,
    /// 0.
    Never,
}

/// The random bursts that are simulated with every backlog.
#[derive(Debug)]
pub struct Bursts {
    settings: BurstSettings,
    /// The instants of connect(2).
    starts: Vec<Vec<u64>>,
    results: BTreeMap<(Cookies, u32), BacklogResult>,
}

/// The result of all bursts with one backlog.
#[derive(Debug, Clone, PartialEq)]
pub struct BacklogResult {
    late: u64,
    attempts: u64,
    /// The smallest and the largest share of late connections of a burst.
    pub late_shares: RangeInclusive<f64>,
    /// The longest time of a burst from connect(2) to the accept queue: the shortest and the
    /// longest.
    pub worst_wait: RangeInclusive<Duration>,
    /// The maximum length of the accept queue.
    pub deepest: u32,
    /// The maximum number of half-open connections.
    pub half_open: u32,
}

/// What a server without SYN cookies needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WithoutCookies {
    /// The smallest backlog, which is also the limit of the SYN queue.
    pub backlog: u32,
    /// The largest number of half-open connections.
    pub half_open: u32,
    /// The smallest `tcp_max_syn_backlog` that allows so many.
    pub max_syn_backlog: i32,
}

impl Bursts {
    /// Bursts with Poisson arrivals: as many as a meaningful share of late attempts needs.
    pub fn new(settings: BurstSettings) -> Self {
        let connections = f64::from(settings.connections);
        let required = MIN_LATE_ATTEMPTS / settings.max_late_share / connections;
        let usual = (MAX_ATTEMPTS / connections).clamp(1.0, USUAL_BURSTS);
        let count = required.max(usual).ceil().min(MAX_BURSTS) as u32;
        let timers = Timers::Wheel { hz: settings.hz.unwrap_or(USUAL_HZ) };
        let length = (connections / settings.arrival_rate * 1e9) as u64;
        let phases = timers.phases(length, PHASES);
        let mut random = StdRng::seed_from_u64(settings.seed);
        let starts = (0..count as usize).map(|number| {
            let first = phases[number % phases.len()];
            let mut at = 0.0;
            let starts = (0..settings.connections).map(|_| {
                // Exponential intervals: the arrivals are independent.
                at -= (1.0 - random.random::<f64>()).ln() / settings.arrival_rate;
                first + (at * 1e9) as u64
            });
            starts.collect()
        });
        Self { settings, starts: starts.collect(), results: BTreeMap::new() }
    }

    /// The number of bursts.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The smallest backlog with which no more connections are late than may be.
    pub fn smallest_backlog(&mut self, cookies: Cookies) -> u32 {
        // The deepest queue of a backlog that drops nothing needs no more than itself.
        let unlimited = self.simulate(self.settings.connections, cookies);
        let older_rule = u32::from(self.settings.syn_queue_full == SynQueueFull::AtOrAbove);
        let deepest = unlimited.deepest.max(unlimited.half_open + older_rule);
        let (mut too_small, mut enough) = (None, deepest.min(self.settings.connections));
        while too_small.map_or(enough > 0, |small: u32| enough - small > 1) {
            let middle = too_small.map_or(0, |small| small + 1).midpoint(enough);
            let middle = middle.min(enough - 1);
            if self.is_enough(middle, cookies) {
                enough = middle;
            } else {
                too_small = Some(middle);
            }
        }
        enough
    }

    /// What the bursts need without SYN cookies; `None` without a round-trip time, because
    /// no connection then stays half-open.
    pub fn without_cookies(&mut self) -> Option<WithoutCookies> {
        if self.settings.round_trip.is_zero() {
            return None;
        }
        let backlog = self.smallest_backlog(Cookies::Never);
        let half_open = self.simulate(backlog, Cookies::Never).half_open;
        let max_syn_backlog = required_max_syn_backlog(half_open);
        Some(WithoutCookies { backlog, half_open, max_syn_backlog })
    }

    /// Simulates all bursts with a backlog, unless that was done before.
    pub fn simulate(&mut self, backlog: u32, cookies: Cookies) -> BacklogResult {
        let path = self.path(backlog, cookies);
        let starts = &self.starts;
        let simulated = self.results.entry((cookies, backlog)).or_insert_with(|| {
            let summaries = simulate_all(&path, starts);
            BacklogResult::new(&summaries, u64::from(self.settings.connections))
        });
        simulated.clone()
    }

    /// Whether no more connections are late than may be. A burst ends at the first one too
    /// many.
    fn is_enough(&mut self, backlog: u32, cookies: Cookies) -> bool {
        let attempts = self.count() as u64 * u64::from(self.settings.connections);
        let allowed = (self.settings.max_late_share * attempts as f64) as u64;
        let path = ListenPath { max_late: Some(allowed), ..self.path(backlog, cookies) };
        let summaries = simulate_all(&path, &self.starts);
        if summaries.iter().map(|burst| burst.late).sum::<u64>() > allowed {
            return false;
        }
        let result = BacklogResult::new(&summaries, u64::from(self.settings.connections));
        self.results.insert((cookies, backlog), result);
        true
    }

    fn path(&self, backlog: u32, cookies: Cookies) -> ListenPath {
        let settings = &self.settings;
        ListenPath {
            listener: Listener {
                limit: backlog,
                max_syn_backlog: i32::MAX,
                syncookies: match cookies {
                    Cookies::WhenFull => SynCookies::WhenFull,
                    Cookies::Never => SynCookies::Off,
                },
                syn_queue_rule: match settings.syn_queue_full {
                    SynQueueFull::Above => SynQueueRule::MoreThanLimit,
                    SynQueueFull::AtOrAbove => SynQueueRule::AtLimit,
                },
                ..Listener::default()
            },
            link: Link {
                delay: settings.round_trip / 2,
                per_segment: VETH_PER_SEGMENT,
                ..Link::default()
            },
            accepts: Accepts::Every {
                service: Duration::from_secs_f64(1.0 / settings.accept_rate),
                from_ns: 0,
            },
            timers: Timers::Wheel { hz: settings.hz.unwrap_or(USUAL_HZ) },
            ..ListenPath::default()
        }
    }
}

/// Simulates each burst, as many at once as there are CPUs.
fn simulate_all(path: &ListenPath, bursts: &[Vec<u64>]) -> Vec<Summary> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = bursts.len().div_ceil(threads).max(1);
    let simulate = |bursts: &[Vec<u64>]| -> Vec<Summary> {
        bursts.iter().map(|starts| simulate_starts(path, starts)).collect()
    };
    thread::scope(|scope| {
        let shares: Vec<_> =
            bursts.chunks(share).map(|bursts| scope.spawn(move || simulate(bursts))).collect();
        let ended = shares.into_iter().map(|share| share.join());
        ended.flat_map(|summaries| summaries.expect("a simulation does not panic")).collect()
    })
}

impl BacklogResult {
    /// The result of bursts of this many connections, of which there is at least one.
    fn new(bursts: &[Summary], connections: u64) -> Self {
        let late = |burst: &Summary| burst.late as f64 / connections as f64;
        let worst = |burst: &Summary| Duration::from_nanos(burst.worst_wait_ns);
        let shortest = bursts.iter().map(worst).min().unwrap_or_default();
        let longest = bursts.iter().map(worst).max().unwrap_or_default();
        let least = bursts.iter().map(late).reduce(f64::min).unwrap_or_default();
        let most = bursts.iter().map(late).reduce(f64::max).unwrap_or_default();
        Self {
            late: bursts.iter().map(|burst| burst.late).sum(),
            attempts: bursts.len() as u64 * connections,
            late_shares: least..=most,
            worst_wait: shortest..=longest,
            deepest: bursts.iter().map(|burst| burst.accept_queue).max().unwrap_or(0),
            half_open: bursts.iter().map(|burst| burst.syn_queue).max().unwrap_or(0),
        }
    }

    /// The share of late connections.
    pub fn late_share(&self) -> f64 {
        self.late as f64 / self.attempts as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: BurstSettings = BurstSettings {
        arrival_rate: 50_000.0,
        connections: 100,
        accept_rate: 20_000.0,
        round_trip: Duration::ZERO,
        max_late_share: 0.01,
        syn_queue_full: SynQueueFull::Above,
        hz: None,
        seed: 1,
    };

    #[test]
    fn the_smallest_backlog_is_sufficient_and_one_less_is_not() {
        for max_late_share in [0.01, 0.2] {
            for cookies in [Cookies::WhenFull, Cookies::Never] {
                for round_trip in [Duration::ZERO, Duration::from_millis(10)] {
                    let settings = BurstSettings { max_late_share, round_trip, ..SETTINGS };
                    let mut bursts = Bursts::new(settings);
                    let backlog = bursts.smallest_backlog(cookies);
                    let mut late = |backlog| bursts.simulate(backlog, cookies).late_share();
                    assert!(late(backlog) <= max_late_share, "{backlog}");
                    assert!(late(backlog - 1) > max_late_share, "{backlog}");
                }
            }
        }
    }

    #[test]
    fn a_fast_server_needs_no_backlog() {
        let mut bursts = Bursts::new(BurstSettings { connections: 1, ..SETTINGS });
        assert_eq!(bursts.smallest_backlog(Cookies::WhenFull), 0);
    }

    #[test]
    fn the_number_of_bursts_depends_on_the_allowed_share() {
        let count = |connections, max_late_share| {
            Bursts::new(BurstSettings { connections, max_late_share, ..SETTINGS }).count()
        };
        assert_eq!(count(100, 0.5), 20);
        assert_eq!(count(100, 0.01), 50);
        assert_eq!(count(1, 1e-4), 2000);
        assert_eq!(count(1_000_000, 1e-4), 2);
    }

    /// The advice about `tcp_max_syn_backlog` is that of the simulation: so much is enough,
    /// and less is not.
    #[test]
    fn without_cookies_max_syn_backlog_is_sufficient_and_one_less_is_not() {
        assert_eq!(Bursts::new(SETTINGS).without_cookies(), None, "without a round-trip time");
        let settings = BurstSettings { round_trip: Duration::from_millis(50), ..SETTINGS };
        let mut bursts = Bursts::new(settings);
        let advice = bursts.without_cookies().expect("there is a round-trip time");
        assert!(advice.half_open > 1, "{advice:?}");
        let drops = |max_syn_backlog| {
            let mut path = bursts.path(advice.backlog, Cookies::Never);
            path.listener.max_syn_backlog = max_syn_backlog;
            let late = |starts: &Vec<u64>| simulate_starts(&path, starts).late;
            bursts.starts.iter().map(late).sum::<u64>()
        };
        assert_eq!(drops(advice.max_syn_backlog), drops(i32::MAX));
        assert!(drops(advice.max_syn_backlog - 1) > drops(i32::MAX));
    }

    /// Fewer bursts than a fair share of the wheel's slots would not meet the end of a slot.
    #[test]
    fn the_worst_wait_depends_on_the_position_among_the_slots() {
        let settings = BurstSettings {
            arrival_rate: 300_000.0,
            connections: 400,
            accept_rate: 30_000.0,
            ..SETTINGS
        };
        let worst = Bursts::new(settings).simulate(60, Cookies::Never).worst_wait;
        assert!(*worst.end() > *worst.start() + Duration::from_millis(500), "{worst:?}");
    }
}
