//! `queuelab load`: runs the load generator.

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
    /// Save the results as a run in DIR/load/<UTC time>/, and print tables even if the
    /// output is not a terminal.
    #[arg(long, value_name = "DIR", conflicts_with = "control")]
    out: Option<PathBuf>,
    /// Read commands as JSON lines from standard input; exit at its end.
    #[arg(long)]
    control: bool,
}

/// Runs the load. Prints tables on a terminal or with `--out`, otherwise JSON lines.
pub(crate) fn load(arguments: LoadArguments) -> Result {
    let config = match &arguments.config {
        Some(json) => serde_json::from_str(json)
            .map_err(|error| CommandError::Usage(format!("invalid --config: {error}")))?,
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
    let prints_tables =
        arguments.out.is_some() || (std::io::stdout().is_terminal() && !arguments.control);
    if prints_tables {
        return run_standalone(&config, arguments.out.as_deref());
    }
    load_generator::run_worker(&config, arguments.control).map_err(CommandError::Load)?;
    Ok(Exit::Held)
}
