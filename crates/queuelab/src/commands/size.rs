//! `queuelab size`: the backlog that a burst needs, by simulation.

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

use super::answer;
use crate::error::{CommandError, Result};

/// Attempts that must be expected to be late in all bursts together, for the
/// share of them to mean something.
const LATE_EXPECTED: f64 = 50.0;
/// Bursts simulated for each backlog: no fewer, whatever the target, and no more.
const BURSTS: (f64, f64) = (20.0, 2000.0);

/// Flags of `queuelab size`.
#[derive(Debug, Args)]
pub(crate) struct SizeArguments {
    /// Connections a second while the burst comes, at random moments (for
    /// example 50000/s).
    #[arg(long, value_name = "RATE", value_parser = rate)]
    arrivals: f64,
    /// Connections in the burst.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    burst: u32,
    /// Connections a second that the server accepts while some wait.
    #[arg(long, value_name = "RATE", value_parser = rate)]
    accept: f64,
    /// Share of connections that may miss the first SYN, and wait a second.
    #[arg(long, value_name = "SHARE", default_value = "1e-4", value_parser = share)]
    target: f64,
    /// Seed of the random moments.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

pub(super) fn rate(text: &str) -> std::result::Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    match number.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate <= 1e9 => Ok(rate),
        _ => Err("a rate is a number of connections a second, such as 30000/s".to_owned()),
    }
}

fn share(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (1e-7..1.0).contains(&share) => Ok(share),
        _ => Err("a share is from 1e-7 to below 1, such as 1e-4".to_owned()),
    }
}

/// Prints the smallest backlog that does, and what happens at half of it.
pub(crate) fn size(arguments: &SizeArguments) -> Result {
    let bursts = Bursts::of(arguments);
    // A backlog as long as the burst loses nobody.
    let (mut too_small, mut enough) = (None, arguments.burst);
    while too_small.map_or(enough > 0, |small: u32| enough - small > 1) {
        let middle = too_small.map_or(0, |small| small + 1).midpoint(enough);
        let middle = middle.min(enough - 1);
        if bursts.at(middle).late_share() <= arguments.target {
            enough = middle;
        } else {
            too_small = Some(middle);
        }
    }
    if i32::try_from(enough).is_err() {
        return Err(CommandError::Usage("no backlog is that large".to_owned()));
    }
    answer(&found(arguments, &bursts, enough))
}

fn found(arguments: &SizeArguments, bursts: &Bursts, backlog: u32) -> String {
    let SizeArguments { arrivals, burst, accept, target, .. } = arguments;
    let half = backlog / 2;
    let at_half = bursts.at(half);
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
        let found = bursts.at(row);
        builder.push_record([
            format!("{}{row}", if row == backlog { "→ " } else { "" }),
            (u64::from(row) + 1).to_string(),
            percent(1.0 - found.late_share()),
            percent(found.late_share()),
            format!("{:.3} s", found.worst_connect.as_secs_f64()),
            found.deepest.to_string(),
        ]);
    }
    let mut table = builder.build();
    table.with(Style::rounded()).modify(Columns::new(..), Alignment::right());
    let at_half = match backlog {
        0 => "There is no smaller one.".to_owned(),
        _ => format!(
            "At half of it, {half}, {} % of the connections have to send their SYN again, and wait a \
             second or more.",
            percent(at_half.late_share())
        ),
    };
    format!(
        "A burst of {burst} connections at {arrivals}/s, accepted at {accept}/s:\n\
         a backlog of {backlog} is enough, with net.core.somaxconn at least {backlog} (listen() takes \
         the smaller).\n\
         With tcp_syncookies = 0, tcp_max_syn_backlog at least {}, or its three-quarters rule drops \
         SYNs first.\n\n\
         {table}\n\n\
         {at_half}\n\
         Simulated: {} bursts at random moments (Poisson), each backlog the same ones; {} % may be \
         late. A real server\n\
         accepts less evenly, and a kernel under load handles segments later: measure it, with \
         `queuelab run`.",
        max_syn_backlog(backlog),
        bursts.arrivals.len(),
        percent(*target),
    )
}

/// The smallest M whose M − ⌊M/4⌋ lets a SYN queue be as long as its limit.
fn max_syn_backlog(limit: u32) -> u32 {
    (limit..).find(|m| m - m / 4 >= limit).unwrap_or(u32::MAX)
}

/// With so many digits that it is not 0 where it is not.
fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    match percent {
        0.0 | 100.0 => percent.to_string(),
        p if p < 1.0 => format!("{p:.4}"),
        p if p > 99.0 => format!("{p:.4}"),
        p => format!("{p:.1}"),
    }
}

/// The bursts that every backlog is tried with.
struct Bursts {
    arrivals: Vec<Vec<Arrival>>,
    service: Duration,
}

/// What became of all of them at one backlog.
struct Found {
    late: u64,
    attempts: u64,
    worst_connect: Duration,
    deepest: u32,
}

impl Found {
    fn late_share(&self) -> f64 {
        self.late as f64 / self.attempts as f64
    }
}

impl Bursts {
    fn of(arguments: &SizeArguments) -> Self {
        let wanted = LATE_EXPECTED / arguments.target / f64::from(arguments.burst);
        let count = wanted.ceil().clamp(BURSTS.0, BURSTS.1) as usize;
        let mut random = StdRng::seed_from_u64(arguments.seed);
        let mut one = || {
            let mut at = 0.0;
            let moments = (0..arguments.burst).map(|_| {
                // Exponential gaps: arrivals that know nothing of each other.
                at -= (1.0 - random.random::<f64>()).ln() / arguments.arrivals;
                Arrival::live((at * 1e9) as u64)
            });
            moments.collect()
        };
        Self {
            arrivals: (0..count).map(|_| one()).collect(),
            service: Duration::from_secs_f64(1.0 / arguments.accept),
        }
    }

    fn at(&self, backlog: u32) -> Found {
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
        let mut found = Found { late: 0, attempts: 0, worst_connect: Duration::ZERO, deepest: 0 };
        for burst in &self.arrivals {
            found.add(&simulate(&path, burst));
        }
        found
    }
}

impl Found {
    fn add(&mut self, simulation: &Simulation) {
        for attempt in &simulation.attempts {
            let in_time = attempt.outcome == Outcome::Established && attempt.syn_retransmits == 0;
            self.late += u64::from(!in_time);
            let connect = Duration::from_nanos(attempt.connect_ns.unwrap_or(0));
            self.worst_connect = self.worst_connect.max(connect);
        }
        self.attempts += simulation.attempts.len() as u64;
        self.deepest = self.deepest.max(simulation.accept_queue.greatest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_shares_are_read_as_people_write_them() {
        assert_eq!(rate("50000/s"), Ok(50_000.0));
        assert_eq!(rate("2.5e4"), Ok(25_000.0));
        assert!(rate("0").is_err() && rate("-1/s").is_err() && rate("fast").is_err());
        assert_eq!(share("1e-4"), Ok(1e-4));
        assert!(share("0").is_err() && share("1").is_err() && share("1e-9").is_err());
    }

    #[test]
    fn the_three_quarters_rule_is_satisfied_and_barely() {
        for limit in [0, 1, 2, 7, 96, 128, 1000, 4096] {
            let m = max_syn_backlog(limit);
            assert!(m - m / 4 >= limit, "{limit}");
            assert!(m == limit || (m - 1) - (m - 1) / 4 < limit, "{limit}");
        }
    }

    #[test]
    fn a_small_share_is_not_written_as_none() {
        assert_eq!(percent(0.0), "0");
        assert_eq!(percent(1e-6), "0.0001");
        assert_eq!(percent(0.123), "12.3");
        assert_eq!(percent(0.99995), "99.9950");
    }
}
