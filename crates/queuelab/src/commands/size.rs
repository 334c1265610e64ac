//! `queuelab size`: finds the smallest backlog for a burst, by simulation.

use clap::Args;
use queue_model::sizing::{BurstSettings, Bursts};
use queue_model::syn_queue::required_max_syn_backlog;
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Style};

use super::print_output;
use crate::error::Result;

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
    let &SizeArguments { arrivals, burst, accept, target, seed } = arguments;
    let bursts = Bursts::new(BurstSettings {
        arrival_rate: arrivals,
        connections: burst,
        accept_rate: accept,
        max_late_share: target,
        seed,
    });
    print_output(&describe(arguments, &bursts, bursts.smallest_backlog()))
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
        required_max_syn_backlog(backlog + 1),
        bursts.count(),
        percent(*target),
    )
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
    fn a_small_share_is_not_printed_as_0() {
        assert_eq!(percent(0.0), "0");
        assert_eq!(percent(1e-6), "0.0001");
        assert_eq!(percent(0.123), "12.3");
        assert_eq!(percent(0.99995), "99.9950");
    }
}
