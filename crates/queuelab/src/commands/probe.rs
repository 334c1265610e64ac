//! `queuelab probe`: samples the queues of a TCP port.

use std::io::{self, ErrorKind, Write};
use std::net::IpAddr;
use std::time::Duration;

use linux_net::AddressFamily;
use probe::{
    Connections, ProbeConfig, ProbeError, ProbeEvent, ProbeReport, ProbeResponse, ProbeStatus,
};
use worker::Message;

use super::parse_config;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab probe`.
#[derive(Debug, clap::Args)]
pub(crate) struct ProbeArguments {
    /// TCP port of the listeners.
    #[arg(long, default_value_t = ProbeConfig::default().port)]
    port: u16,
    /// Address family of the listeners: 0.0.0.0 for IPv4, :: for IPv6.
    #[arg(long, default_value = "0.0.0.0")]
    address: IpAddr,
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
            family: AddressFamily::from_address(arguments.address),
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
    let result = probe::run(&config, arguments.length, |event| {
        let text = match event {
            Message::Event(ProbeEvent::Sampling) => {
                format!("sampling port {} every {:?}", config.port, config.interval)
            }
            Message::Response { response: ProbeResponse::Status(status), .. } => {
                status_line(status)
            }
            Message::Event(ProbeEvent::Done(report)) => summary(report),
            Message::Failed(failure) => failure.reason.clone(),
            Message::Started(_) => return Ok(()),
        };
        let mut out = io::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush())
    });
    match result {
        // The reader has closed the pipe.
        Err(ProbeError::Channel { source, .. }) if source.kind() == ErrorKind::BrokenPipe => {
            Ok(Exit::Held)
        }
        result => result.map(|()| Exit::Held).map_err(CommandError::Probe),
    }
}

/// The current sample as a line.
fn status_line(status: &ProbeStatus) -> String {
    let queues: Vec<_> = status
        .listeners
        .iter()
        .map(|queue| format!("{} of {}", queue.depth, u64::from(queue.limit) + 1))
        .collect();
    let queued = match &queues[..] {
        [] => "no listener".to_owned(),
        queues => format!("queued {}", queues.join(" and ")),
    };
    let Connections { syn_recv, established, time_wait, fin_wait_2, socket_memory_bytes } =
        status.connections;
    format!(
        "{queued} · SYN_RECV {syn_recv} · ESTABLISHED {established} · TIME_WAIT {time_wait} · \
         FIN_WAIT_2 {fin_wait_2} · {} KiB of socket memory",
        socket_memory_bytes / 1024
    )
}

/// The summary at the end.
fn summary(report: &ProbeReport) -> String {
    let metrics = &report.report;
    let mut lines = vec![format!(
        "{} samples in {:.2} s, {} missed; {} of them counted sockets by state; {:.2} % of one CPU",
        metrics.samples,
        metrics.seconds,
        metrics.missed,
        metrics.state_samples,
        100.0 * metrics.cpu_seconds / metrics.seconds.max(f64::MIN_POSITIVE)
    )];
    for (index, listener) in metrics.listeners.iter().enumerate() {
        lines.push(format!(
            "listener {}: at most {} queued; it holds {}",
            index + 1,
            listener.deepest,
            u64::from(listener.limit) + 1
        ));
    }
    for (name, state) in &metrics.states {
        let name = name.to_uppercase();
        lines.push(format!("{name}: at most {} at once, {} left", state.most, state.left));
    }
    lines.push(format!("socket memory: at most {} KiB", metrics.most_socket_memory / 1024));
    lines.join("\n")
}
