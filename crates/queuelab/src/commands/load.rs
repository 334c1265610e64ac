//! `queuelab load`: the load generator, in this host.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use chat_protocol::Framing;
use load_generator::{Integrity, LoadConfig, LoadReport, LoadSettings, Percentiles};

use super::answer;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab load`.
#[derive(Debug, clap::Args)]
pub(crate) struct LoadArguments {
    /// The server's address and port.
    #[arg(default_value = "127.0.0.1:8080")]
    target: SocketAddr,
    #[command(flatten)]
    settings: LoadSettings,
    /// The length header that the server speaks.
    #[arg(long, value_enum, default_value_t = Framing::default())]
    framing: Framing,
    /// Largest body accepted from the server, bytes; the framing's own default
    /// when absent.
    #[arg(long)]
    largest_body: Option<u32>,
    /// Address to bind attempts to (repeatable; taken in turn).
    #[arg(long = "source", value_name = "ADDRESS")]
    sources: Vec<IpAddr>,
    /// The server closes first.
    #[arg(long)]
    server_closes: bool,
    /// Everything as one JSON object, instead of the flags.
    #[arg(long, value_name = "JSON")]
    config: Option<String>,
    /// Take commands as JSON lines on standard input, and end with it.
    #[arg(long)]
    control: bool,
}

/// Runs the load to its end: JSON lines for programs, a few lines for a person
/// at a terminal.
pub(crate) fn load(arguments: LoadArguments) -> Result {
    let config = match &arguments.config {
        Some(json) => serde_json::from_str(json)
            .map_err(|error| CommandError::Usage(format!("--config: {error}")))?,
        None => LoadConfig {
            settings: arguments.settings,
            target: arguments.target,
            framing: arguments.framing,
            largest_body: arguments.largest_body,
            sources: arguments.sources,
            server_closes: arguments.server_closes,
            hold: false,
        },
    };
    if arguments.control || !std::io::stdout().is_terminal() {
        load_generator::load_part(&config, arguments.control).map_err(CommandError::Load)?;
        return Ok(Exit::Held);
    }
    let report = load_generator::run(&config, None, &mut |_| {}).map_err(CommandError::Load)?;
    answer(&for_a_person(&report))
}

/// A report for somebody at a terminal; programs get it whole, as JSON.
fn for_a_person(report: &LoadReport) -> String {
    let mut endings: BTreeMap<String, u64> = BTreeMap::new();
    for attempt in &report.attempts {
        let ending = serde_json::to_value(attempt.ending).expect("an ending is a name");
        *endings.entry(ending.as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    let endings: Vec<_> = endings.iter().map(|(ending, n)| format!("{n} {ending}")).collect();
    let Integrity { lost, doubled, reordered, echoed, foreign, broken_streams } = report.integrity;
    format!(
        "{} attempts: {}\nconnect: {}\n{} messages written, {} deliveries\ndelivery: {}\n\
         {lost} lost, {doubled} doubled, {reordered} reordered, {echoed} echoed, {foreign} foreign, \
         {broken_streams} broken streams",
        report.attempts.len(),
        endings.join(", "),
        written(&report.connect_latency),
        report.messages_written,
        report.deliveries,
        written(&report.delivery_latency),
    )
}

fn written(latency: &Percentiles) -> String {
    let [median, p99, max] =
        [latency.p50_ns, latency.p99_ns, latency.max_ns].map(Duration::from_nanos);
    format!("median {median:.1?}, 99 % within {p99:.1?}, worst {max:.1?}")
}
