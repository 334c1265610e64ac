//! `queuelab size`: finds the smallest backlog for a burst, by simulation.

use std::time::Duration;

use clap::Args;
use queue_model::simulator::{
    Accepts, Arrival, Link, ListenPath, Listener, Outcome, Simulation, Timers, simulate,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

use super::print_output;
use crate::error::Result;

/// Expected number of late attempts in all bursts together, for a meaningful share.
const MIN_LATE_ATTEMPTS: f64 = 50.0;
/// Minimum and maximum number of bursts that are simulated for each backlog.
const MIN_BURSTS: f64 = 20.0;
const MAX_BURSTS: f64 = 2000.0;

/// Flags of `queuelab size`.
#[derive(Debug, Args)]
pub(crate) struct SizeArguments {
    /// Connections per second in the burst, such as 50000/s; the arrivals are random.
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    arrivals: f64,
    /// Number of connections in the burst.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    burst: u32,
    /// Connections per second that the server accepts while connections wait.
    #[arg(long, value_name = "RATE", value_parser = parse_rate)]
    accept: f64,
    /// Share of connections that may need to retransmit their SYN, after a second.
    #[arg(long, value_name = "SHARE", default_value = "1e-4", value_parser = parse_share)]
    target: f64,
    /// Seed of the random arrivals.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

pub(super) fn parse_rate(text: &str) -> std::result::Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    match number.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 1e9 => Ok(rate),
        _ => Err("expected connections per second, such as 30000/s".to_owned()),
    }
}

fn parse_share(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (1e-7..1.0).contains(&share) => Ok(share),
        _ => Err("expected a share of at least 1e-7 and below 1, such as 1e-4".to_owned()),
    }
}

/// Prints the smallest sufficient backlog, and compares it with others.
pub(crate) fn size(arguments: &SizeArguments) -> Result {
    let bursts = Bursts::new(arguments);
    // A backlog as large as the burst drops no connection.
    let (mut too_small, mut enough) = (None, arguments.burst);
    while too_small.map_or(enough > 0, |small: u32| enough - small > 1) {
        let middle = too_small.map_or(0, |small| small + 1).midpoint(enough);
        let middle = middle.min(enough - 1);
        if bursts.simulate(middle).late_share() <= arguments.target {
            enough = middle;
        } else {
            too_small = Some(middle);
        }
    }
    print_output(&describe(arguments, &bursts, enough))
}

fn describe(arguments: &SizeArguments, bursts: &Bursts, backlog: u32) -> String {
    let SizeArguments { arrivals, burst, accept, target, .. } = arguments;
    let half = backlog / 2;
    let at_half = bursts.simulate(half);
    let mut rows: Vec<u32> = vec![backlog, half, 128, 4096];
    rows.sort_unstable();
    rows.dedup();
    let mut builder = Builder::default();
    builder.push_record([
        "backlog",
        "holds",
        "first SYN %",
        "a second or more %",
        "worst connect",
        "deepest",
    ]);
    for row in rows {
        let result = bursts.simulate(row);
        builder.push_record([
            format!("{}{row}", if row == backlog { "→ " } else { "" }),
            (u64::from(row) + 1).to_string(),
            percent(1.0 - result.late_share()),
            percent(result.late_share()),
            format!("{:.3} s", result.worst_connect.as_secs_f64()),
            result.deepest.to_string(),
        ]);
    }
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::new(..), Alignment::right());
    let at_half = match backlog {
        0 => "There is no smaller backlog.".to_owned(),
        _ => format!(
            "At half of it, {half}, {} % of the connections retransmit their SYN, and wait a second \
             or more.",
            percent(at_half.late_share())
        ),
    };
    format!(
        "A burst of {burst} connections at {arrivals}/s, accepted at {accept}/s:\n\
         a backlog of {backlog} is enough, with net.core.somaxconn at least {backlog} (listen() \
         takes the smaller).\n\
         With tcp_syncookies = 0, it also needs tcp_max_syn_backlog at least {} (its \
         three-quarters rule).\n\n\
         {table}\n\n\
         {at_half}\n\
         Simulated with {} random bursts (Poisson arrivals), the same for each backlog; {} % may \
         be late. A real\n\
         server accepts less evenly, and a kernel under load handles segments later: measure it \
         with `queuelab run`.",
        required_max_syn_backlog(backlog),
        bursts.arrivals.len(),
        percent(*target),
    )
}

/// The smallest M for which M − ⌊M/4⌋ allows a SYN queue of this limit.
fn required_max_syn_backlog(limit: u32) -> u32 {
    (limit..).find(|m| m - m / 4 >= limit).unwrap_or(u32::MAX)
}

/// Formats a share with enough digits that a small one does not look like 0.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        0.0 | 100.0 => percent.to_string(),
        p if p < 1.0 => format!("{p:.4}"),
        p if p > 99.0 => format!("{p:.4}"),
        p => format!("{p:.1}"),
    }
}

/// The bursts that are simulated with every backlog.
struct Bursts {
    arrivals: Vec<Vec<Arrival>>,
    service: Duration,
}

/// The result of all bursts with one backlog.
struct BacklogResult {
    late: u64,
    attempts: u64,
    worst_connect: Duration,
    deepest: u32,
}

impl BacklogResult {
    fn late_share(&self) -> f64 {
        self.late as f64 / self.attempts as f64
    }
}

impl Bursts {
    fn new(arguments: &SizeArguments) -> Self {
        let required = MIN_LATE_ATTEMPTS / arguments.target / f64::from(arguments.burst);
        let count = required.ceil().clamp(MIN_BURSTS, MAX_BURSTS) as usize;
        let mut random = StdRng::seed_from_u64(arguments.seed);
        let mut burst = || {
            let mut at = 0.0;
            let arrivals = (0..arguments.burst).map(|_| {
                // Exponential intervals: the arrivals are independent.
                at -= (1.0 - random.random::<f64>()).ln() / arguments.arrivals;
                Arrival::live((at * 1e9) as u64)
            });
            arrivals.collect()
        };
        Self {
            arrivals: (0..count).map(|_| burst()).collect(),
            service: Duration::from_secs_f64(1.0 / arguments.accept),
        }
    }

    fn simulate(&self, backlog: u32) -> BacklogResult {
        let path = ListenPath {
            listener: Listener { limit: backlog, max_syn_backlog: u32::MAX, ..Listener::default() },
            link: Link {
                delay: Duration::from_micros(5),
                per_segment: Duration::from_nanos(600),
                ..Link::default()
            },
            accepts: Accepts::Every { service: self.service, from_ns: 0 },
            timers: Timers::Wheel { hz: 250 },
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

    #[test]
    fn rates_and_shares_are_parsed() {
        assert_eq!(parse_rate("50000/s"), Ok(50_000.0));
        assert_eq!(parse_rate("2.5e4"), Ok(25_000.0));
        assert!(["0", "-1/s", "fast"].iter().all(|wrong| parse_rate(wrong).is_err()));
        assert_eq!(parse_share("1e-4"), Ok(1e-4));
        assert!(["0", "1", "1e-9"].iter().all(|wrong| parse_share(wrong).is_err()));
    }

    #[test]
    fn the_smallest_max_syn_backlog_satisfies_the_three_quarters_rule() {
        for limit in [0, 1, 2, 7, 96, 128, 1000, 4096] {
            let m = required_max_syn_backlog(limit);
            assert!(m - m / 4 >= limit, "{limit}");
            assert!(m == limit || (m - 1) - (m - 1) / 4 < limit, "{limit}");
        }
    }

    #[test]
    fn a_small_share_is_not_printed_as_0() {
        assert_eq!(percent(0.0), "0");
        assert_eq!(percent(1e-6), "0.0001");
        assert_eq!(percent(0.123), "12.3");
        assert_eq!(percent(0.99995), "99.9950");
    }
}
