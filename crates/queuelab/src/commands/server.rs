//! `queuelab server`: the chat server, in this host.

use chat_server::ServerSettings;

use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab server`.
#[derive(Debug, clap::Args)]
pub(crate) struct ServerArguments {
    #[command(flatten)]
    settings: ServerSettings,
    /// All settings as one JSON object, instead of the flags.
    #[arg(long, value_name = "JSON")]
    config: Option<String>,
    /// Take commands as JSON lines on standard input, and end with it.
    #[arg(long)]
    control: bool,
}

/// Serves until told to stop.
pub(crate) fn server(arguments: ServerArguments) -> Result {
    let settings = match &arguments.config {
        None => arguments.settings,
        Some(json) => serde_json::from_str(json)
            .map_err(|error| CommandError::Usage(format!("--config: {error}")))?,
    };
    chat_server::serve_part(&settings, arguments.control).map_err(CommandError::Server)?;
    Ok(Exit::Held)
}
