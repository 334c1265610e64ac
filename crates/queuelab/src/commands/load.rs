//! `queuelab load`: runs the load generator.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use chat_protocol::Framing;
use load_generator::{LoadConfig, LoadSettings};

use super::parse_config;
use super::standalone::run_standalone;
use super::target::Target;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab load`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Who was accepted is known only where data or an end of file came back, or where the
server's sockets are in this network namespace; otherwise the outcome is `unconfirmed`.

Exit codes: 0 no attempt failed, 3 an attempt or a check failed.")]
pub(crate) struct LoadArguments {
    /// The server's name or address, and its port: localhost:8080, [::1]:8080. Attempts go to
    /// several in turn; one that is named twice gets twice as many.
    #[arg(value_name = "HOST:PORT", default_value = "127.0.0.1:8080")]
    targets: Vec<Target>,
    #[command(flatten)]
    settings: LoadSettings,
    /// Message framing of the server.
    #[arg(long, value_enum, default_value_t = Framing::default())]
    framing: Framing,
    /// Maximum size of a message from the server, in bytes [default: that of the
    /// framing].
    #[arg(long)]
    largest_body: Option<u32>,
    /// Local address to connect from; repeat to use several in turn.
    #[arg(long = "source", value_name = "ADDRESS")]
    sources: Vec<IpAddr>,
    /// Expect the server to close connections first.
    #[arg(long)]
    server_closes: bool,
    /// All settings as one JSON object, instead of flags.
    #[arg(long, value_name = "JSON")]
    config: Option<String>,
    /// Save the results as a run in DIR/load/<UTC time>/.
    #[arg(long, value_name = "DIR", conflicts_with = "control")]
    out: Option<PathBuf>,
    /// Print the results as JSON: the trial's record, see `queuelab schema trial`.
    #[arg(long, conflicts_with = "control")]
    json: bool,
    /// Print JSON lines, and read commands as JSON lines from standard input; exit at its
    /// end.
    #[arg(long)]
    control: bool,
}

/// Runs the load. Prints tables, or JSON with `--json`; JSON lines with `--control`.
pub(crate) fn load(arguments: LoadArguments) -> Result {
    let config = match &arguments.config {
        Some(json) => parse_config(json)?,
        None => {
            let mut addresses = Vec::new();
            for target in &arguments.targets {
                addresses.push(target.resolve()?);
            }
            LoadConfig {
                settings: arguments.settings,
                target: addresses.remove(0),
                more_targets: addresses,
                framing: arguments.framing,
                largest_body: arguments.largest_body,
                sources: arguments.sources,
                server_closes: arguments.server_closes,
                hold: false,
            }
        }
    };
    let config = config.within_cpus();
    if arguments.control {
        load_generator::run_worker(&config, true).map_err(CommandError::Load)?;
        return Ok(Exit::Held);
    }
    let names = if arguments.config.is_none() { &arguments.targets[..] } else { &[] };
    let targets = describe_targets(names, &config);
    run_standalone(&config, &targets, arguments.out.as_deref(), arguments.json)
}

/// The targets as they were written, each with its address if that is another text.
fn describe_targets(names: &[Target], config: &LoadConfig) -> String {
    let name_of = |address: &SocketAddr| {
        let position = config.round().iter().position(|other| other == address)?;
        names.get(position).map(ToString::to_string)
    };
    let describe = |address: SocketAddr| match name_of(&address) {
        Some(name) if name != address.to_string() => format!("{name} ({address})"),
        _ => address.to_string(),
    };
    let targets: Vec<_> = config.destinations().into_iter().map(describe).collect();
    targets.join(" and ")
}
