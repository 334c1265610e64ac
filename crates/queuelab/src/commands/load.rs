//! `queuelab load`: the load generator, in this host.

use std::io::IsTerminal;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use chat_protocol::Framing;
use load_generator::{LoadConfig, LoadSettings};

use super::standalone::run_standalone;
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
    /// Keep what was found as a run, DIR/load/<UTC time>/, and print it as a
    /// table wherever the output goes.
    #[arg(long, value_name = "DIR", conflicts_with = "control")]
    out: Option<PathBuf>,
    /// Take commands as JSON lines on standard input, and end with it.
    #[arg(long)]
    control: bool,
}

/// Runs the load to its end: a table for a person at a terminal and if the run is
/// stored; JSON lines for programs.
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
    let for_a_person =
        arguments.out.is_some() || (std::io::stdout().is_terminal() && !arguments.control);
    if for_a_person {
        return run_standalone(&config, arguments.out.as_deref());
    }
    load_generator::run_worker(&config, arguments.control).map_err(CommandError::Load)?;
    Ok(Exit::Held)
}
