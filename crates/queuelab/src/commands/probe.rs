//! `queuelab probe`: samples the queues of a TCP port. `text` has its lines and summary.

mod text;

use std::io::{self, ErrorKind, Write};
use std::net::IpAddr;
use std::time::Duration;

use probe::{Families, ProbeConfig, ProbeError, ProbeEvent, ProbeResponse};
use worker::Message;

use self::text::Text;

use super::parse_config;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab probe`.
#[derive(Debug, clap::Args)]
pub(crate) struct ProbeArguments {
    /// TCP port of the listeners.
    #[arg(long, default_value_t = ProbeConfig::default().port)]
    port: u16,
    /// Only sockets of one address family: 0.0.0.0 for IPv4, :: for IPv6, which has a
    /// listener on :: with its clients over IPv4 too [default: both].
    #[arg(long)]
    address: Option<IpAddr>,
    /// Interval between samples, 100us to 1h.
    #[arg(long, default_value = "1ms", value_parser = humantime::parse_duration)]
    interval: Duration,
    /// Maximum share of one CPU, above 0 and at most 1.
    #[arg(long, default_value_t = ProbeConfig::default().cpu_share)]
    cpu_share: f64,
    /// How long to sample [default: until Ctrl-C].
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    length: Option<Duration>,
    /// All settings as one JSON object, instead of flags.
    #[arg(
        long,
        value_name = "JSON",
        conflicts_with_all = ["port", "address", "interval", "cpu_share"]
    )]
    config: Option<String>,
    /// Print JSON lines, and read commands as JSON lines from standard input; exit at
    /// its end.
    #[arg(long, conflicts_with = "length")]
    control: bool,
}

/// Samples until it is stopped. Prints JSON lines with `--control`, otherwise a line each
/// second.
pub(crate) fn probe(arguments: ProbeArguments) -> Result {
    let config = match &arguments.config {
        None => ProbeConfig {
            port: arguments.port,
            family: arguments.address.map_or(Families::Both, Families::of_address),
            interval: arguments.interval,
            cpu_share: arguments.cpu_share,
            ..ProbeConfig::default()
        },
        Some(json) => parse_config(json)?,
    };
    if arguments.control {
        probe::run_worker(&config).map_err(CommandError::Probe)?;
        return Ok(Exit::Held);
    }
    let text = Text::new(config.clone())?;
    let result = probe::run(&config, arguments.length, |event| {
        let lines = match event {
            Message::Event(ProbeEvent::Sampling) => text.beginning(),
            Message::Response { response: ProbeResponse::Status(status), .. } => {
                text.status(status)
            }
            Message::Event(ProbeEvent::Done(report)) => text.summary(&report.report),
            Message::Failed(failure) => failure.reason.clone(),
            Message::Started(_) => return Ok(()),
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{}", visible::lines(&lines)).and_then(|()| out.flush())
    });
    match result {
        // The reader has closed the pipe.
        Err(ProbeError::Channel { source, .. }) if source.kind() == ErrorKind::BrokenPipe => {
            Ok(Exit::Held)
        }
        result => result.map(|()| Exit::Held).map_err(CommandError::Probe),
    }
}
