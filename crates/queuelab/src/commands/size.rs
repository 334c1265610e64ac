//! `queuelab size`: finds the smallest backlog for a burst, by simulation.

mod progress;
mod text;

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use clap_complete::ArgValueCompleter;
use command_output::{AcceptBounds, BacklogRow, Sizing, Unprotected};
use lab::KernelFacts;
use queue_model::sizing::{BacklogResult, BurstSettings, Bursts, Cookies, WithoutCookies};

use super::accept_pace::{CountedPace, MeasuredPaces, TimePerAccept};
use super::kernel_rules::KernelArguments;
use super::{print_document, print_output, print_text};
use crate::completion;
use crate::error::Result;
use progress::Progress;
use text::describe;

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
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    accept: Option<f64>,
    /// Use the rate at which the server of this run accepted while connections waited; of a
    /// program, what the kernel's counts say of it, with its bounds.
    #[arg(long, value_name = "RUN")]
    #[arg(add = ArgValueCompleter::new(completion::runs))]
    from: Option<PathBuf>,
    /// Round-trip time to the clients, such as 20ms: so long a connection is half-open.
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_round_trip)]
    rtt: Duration,
    /// Share of connections that may wait a second or more: they have to retransmit their SYN,
    /// or find the accept queue full with their ACK. At least 1e-7, for which 500 million
    /// connections are simulated.
    #[arg(long, value_name = "SHARE", default_value = "1e-4", value_parser = parse_share)]
    target: f64,
    /// Seed of the random arrivals.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Print JSON; `queuelab schema size` describes it.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    kernel: KernelArguments,
}

/// Longer round trips would be retransmitted before they end.
const MAX_ROUND_TRIP: Duration = Duration::from_millis(900);

fn parse_round_trip(text: &str) -> std::result::Result<Duration, String> {
    match humantime::parse_duration(text) {
        Ok(time) if time <= MAX_ROUND_TRIP => Ok(time),
        _ => Err("expected a time of at most 900ms, such as 20ms".to_owned()),
    }
}

pub(super) fn parse_rate(text: &str) -> std::result::Result<f64, String> {
    let number = text.strip_suffix("/s").unwrap_or(text);
    match number.parse::<f64>() {
        // A rarer accept would not be seen, and its time would not fit in a clock.
        Ok(rate) if (1e-3..=1e9).contains(&rate) => Ok(rate),
        _ => Err("expected connections per second, such as 30000/s, and at least 0.001".to_owned()),
    }
}

fn parse_share(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (1e-7..1.0).contains(&share) => Ok(share),
        _ => Err("expected a share of at least 1e-7 and below 1, such as 1e-4: a smaller one \
                  cannot be shown with 500 million simulated connections"
            .to_owned()),
    }
}

/// Prints the smallest sufficient backlog, and compares it with others.
pub(crate) fn size(arguments: &SizeArguments) -> Result {
    // A search keeps nothing, so a signal ends it at once. Without a handler, the kernel would drop
    // the signals if this is the first process of a container.
    super::run::interruption()?;
    let kernel = arguments.kernel.facts()?;
    let accepts = match (&arguments.from, arguments.accept) {
        (Some(run), _) => Accepts::measured(run)?,
        (None, accept) => Accepts {
            per_second: accept.unwrap_or_default(),
            source: "--accept".to_owned(),
            counted: None,
        },
    };
    let sizing = find(arguments, &kernel, accepts);
    if arguments.json {
        return print_document(&sizing);
    }
    if let Some(kernel) = arguments.kernel.describe(&kernel) {
        print_output(&kernel)?;
    }
    print_text(&describe(&sizing))
}

/// How fast the server accepts while connections wait.
struct Accepts {
    per_second: f64,
    /// Where it is from.
    source: String,
    /// What it can be by the kernel's counts; none if it is known by other means.
    counted: Option<CountedPace>,
}

impl Accepts {
    /// The accepts of the server of a run.
    fn measured(run: &Path) -> Result<Self> {
        let paces = MeasuredPaces::read(run)?;
        let pace = paces.only()?;
        Ok(Self {
            per_second: 1e9 / pace.time.sized_for_ns(),
            source: format!("measured in {}: {pace}", run.display()),
            counted: match &pace.time {
                TimePerAccept::Medians(_) => None,
                TimePerAccept::Counted(counted) => Some(*counted),
            },
        })
    }
}

/// The bursts, and the progress of their simulation.
fn bursts(arguments: &SizeArguments, kernel: &KernelFacts, accept_rate: f64) -> (Bursts, Progress) {
    let bursts = Bursts::new(settings(arguments, kernel, accept_rate));
    let progress = Progress::of(bursts.work());
    (bursts, progress)
}

fn settings(arguments: &SizeArguments, kernel: &KernelFacts, accept_rate: f64) -> BurstSettings {
    BurstSettings {
        arrival_rate: arguments.arrivals,
        connections: arguments.burst,
        accept_rate,
        round_trip: arguments.rtt,
        max_late_share: arguments.target,
        syn_queue_full: kernel.rules().syn_queue_full(),
        hz: kernel.hz(),
        seed: arguments.seed,
    }
}

fn accept_bounds(
    arguments: &SizeArguments,
    kernel: &KernelFacts,
    counted: &CountedPace,
) -> AcceptBounds {
    let backlog = |per_second| {
        let (mut bursts, _progress) = bursts(arguments, kernel, per_second);
        bursts.smallest_backlog(Cookies::WhenFull)
    };
    let slowest = 1e9 / counted.most_ns;
    let fastest = (counted.least_ns > 0.0).then(|| 1e9 / counted.least_ns);
    AcceptBounds {
        accepts: counted.accepts,
        slowest_per_second: slowest,
        fastest_per_second: fastest,
        backlog_if_slowest: backlog(slowest),
        backlog_if_fastest: fastest.map(backlog),
    }
}

fn find(arguments: &SizeArguments, kernel: &KernelFacts, accepts: Accepts) -> Sizing {
    // Before the other search: each shows its own progress.
    let accept_bounds = accepts.counted.map(|it| accept_bounds(arguments, kernel, &it));
    let (mut bursts, _progress) = bursts(arguments, kernel, accepts.per_second);
    let backlog = bursts.smallest_backlog(Cookies::WhenFull);
    let mut backlogs = vec![backlog, backlog / 2, 128, 4096];
    backlogs.sort_unstable();
    backlogs.dedup();
    let rows = backlogs
        .into_iter()
        .map(|other| match other == backlog {
            true => backlog_row(other, &bursts.simulate(other, Cookies::WhenFull)),
            false => backlog_row(other, &bursts.compare(other, Cookies::WhenFull)),
        })
        .collect();
    Sizing {
        arrivals_per_second: arguments.arrivals,
        burst: arguments.burst,
        accepts_per_second: accepts.per_second,
        accept_source: accepts.source,
        accept_bounds,
        round_trip_seconds: arguments.rtt.as_secs_f64(),
        max_late_share: arguments.target,
        seed: arguments.seed,
        kernel_rules: kernel.rules().name().to_owned(),
        smallest_share: settings(arguments, kernel, accepts.per_second).smallest_share(),
        simulated_bursts: bursts.count(),
        is_enough: bursts.suffices(backlog, Cookies::WhenFull),
        backlog,
        without_syncookies: bursts.without_cookies().map(unprotected),
        rows,
    }
}

fn unprotected(needs: WithoutCookies) -> Unprotected {
    let WithoutCookies { backlog, half_open, max_syn_backlog } = needs;
    Unprotected { backlog, half_open, tcp_max_syn_backlog: max_syn_backlog }
}

fn backlog_row(backlog: u32, result: &BacklogResult) -> BacklogRow {
    let seconds =
        [*result.worst_wait.start(), *result.worst_wait.end()].map(|time| time.as_secs_f64());
    BacklogRow {
        backlog,
        holds: u64::from(backlog) + 1,
        simulated_bursts: result.bursts,
        late_bursts: result.late_bursts,
        late_share: result.late_share(),
        late_share_of_a_burst: [*result.late_shares.start(), *result.late_shares.end()],
        worst_wait_seconds: seconds,
        deepest: result.deepest,
    }
}

#[cfg(test)]
mod tests {
    use super::text::percent;
    use super::*;

    #[test]
    fn rates_and_shares_are_parsed() {
        assert_eq!(parse_rate("50000/s"), Ok(50_000.0));
        assert_eq!(parse_rate("2.5e4"), Ok(25_000.0));
        assert!(
            ["0", "-1/s", "1e-300", "inf", "NaN", "fast"]
                .iter()
                .all(|wrong| parse_rate(wrong).is_err())
        );
        assert_eq!(parse_share("1e-4"), Ok(1e-4));
        assert!(["0", "1", "1e-9"].iter().all(|wrong| parse_share(wrong).is_err()));
    }

    #[test]
    fn a_round_trip_is_shorter_than_a_retransmission() {
        assert_eq!(parse_round_trip("20ms"), Ok(Duration::from_millis(20)));
        assert!(["1s", "soon", "-1ms"].iter().all(|wrong| parse_round_trip(wrong).is_err()));
    }

    #[test]
    fn a_small_share_is_not_printed_as_0() {
        assert_eq!(percent(0.0), "0");
        assert_eq!(percent(1e-6), "0.0001");
        assert_eq!(percent(1e-7), "1.0e-5");
        assert_eq!(percent(0.123), "12.3");
        assert_eq!(percent(0.99995), "99.9950");
    }
}
