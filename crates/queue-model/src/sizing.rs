//! The smallest backlog for a burst, by simulation of random bursts.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::thread;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::simulator::{
    Accepts, Link, ListenPath, Listener, Memory, Summary, SynCookies, SynQueueRule, Timers,
    USUAL_HZ, VETH_PER_SEGMENT, simulate_starts,
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
    /// Backlogs whose simulation was ended at the first late connection too many.
    too_small: BTreeSet<(Cookies, u32)>,
    /// Of the bursts with a backlog that drops nothing.
    unlimited: Option<Vec<Summary>>,
    /// For each thread.
    memories: Vec<Memory>,
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
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self {
            settings,
            starts: starts.collect(),
            results: BTreeMap::new(),
            too_small: BTreeSet::new(),
            unlimited: None,
            memories: (0..threads).map(|_| Memory::default()).collect(),
        }
    }

    /// The number of bursts.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The smallest backlog with which no more connections are late than may be.
    pub fn smallest_backlog(&mut self, cookies: Cookies) -> u32 {
        // The deepest queue of a backlog that drops nothing needs no more than itself.
        let (unlimited, older_rule) = (self.unlimited(), self.older_rule());
        let queues = |burst: &Summary| burst.accept_queue.max(burst.syn_queue + older_rule);
        let deepest = unlimited.iter().map(queues).max().unwrap_or(0);
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
        if let Some(result) = self.results.get(&(cookies, backlog)) {
            return result.clone();
        }
        let summaries = self.simulate_all(&self.path(backlog, cookies));
        let result = BacklogResult::new(&summaries, u64::from(self.settings.connections));
        for cookies in self.equal_to(cookies, backlog, &summaries) {
            self.results.insert((cookies, backlog), result.clone());
        }
        result
    }

    /// Whether no more connections are late than may be. A burst ends at the first one too
    /// many.
    fn is_enough(&mut self, backlog: u32, cookies: Cookies) -> bool {
        if self.results.contains_key(&(cookies, backlog)) {
            return self.results[&(cookies, backlog)].late <= self.allowed();
        }
        if self.too_small.contains(&(cookies, backlog)) || self.surely_drops_too_many(backlog) {
            return false;
        }
        let allowed = self.allowed();
        let path = ListenPath { max_late: Some(allowed), ..self.path(backlog, cookies) };
        let summaries = self.simulate_all(&path);
        let is_enough = summaries.iter().map(|burst| burst.late).sum::<u64>() <= allowed;
        let result = BacklogResult::new(&summaries, u64::from(self.settings.connections));
        for cookies in self.equal_to(cookies, backlog, &summaries) {
            match is_enough {
                true => drop(self.results.insert((cookies, backlog), result.clone())),
                false => drop(self.too_small.insert((cookies, backlog))),
            }
        }
        is_enough
    }

    /// How many connections of all bursts may be late.
    fn allowed(&self) -> u64 {
        let attempts = self.count() as u64 * u64::from(self.settings.connections);
        (self.settings.max_late_share * attempts as f64) as u64
    }

    /// The values of `tcp_syncookies` with which the bursts go as they did with this one: both,
    /// if the SYN queue was never full.
    fn equal_to(&self, cookies: Cookies, backlog: u32, bursts: &[Summary]) -> Vec<Cookies> {
        let longest = bursts.iter().map(|burst| burst.syn_queue).max().unwrap_or(0);
        match longest.saturating_add(self.older_rule()) <= backlog {
            true => vec![Cookies::WhenFull, Cookies::Never],
            false => vec![cookies],
        }
    }

    /// 1 if the kernel considers a SYN queue full that has reached its limit.
    fn older_rule(&self) -> u32 {
        u32::from(self.settings.syn_queue_full == SynQueueFull::AtOrAbove)
    }

    /// Whether more connections are late with a backlog than may be, by the length of the queues
    /// with one that drops nothing.
    ///
    /// If only D − (backlog + 1) fewer connections entered the queue, it would still be as long
    /// as D: so many are late at least. A dropped one can change when others arrive, by the time
    /// that segments wait at the link: those of a queue there without drops, and the three of
    /// each late connection.
    fn surely_drops_too_many(&mut self, backlog: u32) -> bool {
        let least_late = |burst: &Summary| {
            let moved = 2 * u64::from(burst.link_queue) + burst.late + 2;
            u64::from(burst.accept_queue).saturating_sub(u64::from(backlog) + 1 + moved) / 4
        };
        self.unlimited().iter().map(least_late).sum::<u64>() > self.allowed()
    }

    /// The bursts with a backlog that drops nothing, with which `tcp_syncookies` has no effect.
    fn unlimited(&mut self) -> Vec<Summary> {
        if self.unlimited.is_none() {
            let path = self.path(self.settings.connections, Cookies::WhenFull);
            self.unlimited = Some(self.simulate_all(&path));
        }
        self.unlimited.clone().unwrap_or_default()
    }

    /// Simulates each burst, as many at once as there are CPUs.
    fn simulate_all(&mut self, path: &ListenPath) -> Vec<Summary> {
        let share = self.starts.len().div_ceil(self.memories.len()).max(1);
        thread::scope(|scope| {
            let shares = self.starts.chunks(share).zip(&mut self.memories);
            let shares = shares.map(|(bursts, memory)| {
                scope.spawn(move || -> Vec<Summary> {
                    bursts.iter().map(|starts| simulate_starts(path, starts, memory)).collect()
                })
            });
            let ended = shares.collect::<Vec<_>>().into_iter().map(|share| share.join());
            ended.flat_map(|summaries| summaries.expect("a simulation does not panic")).collect()
        })
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
mod tests;
