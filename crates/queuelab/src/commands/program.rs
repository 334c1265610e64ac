//! `queuelab program`: a program as the server of a trial, controlled by the lab.

use program_server::ProgramConfig;

use super::parse_config;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab program`.
#[derive(Debug, clap::Args)]
pub(crate) struct ProgramArguments {
    /// All settings as one JSON object.
    #[arg(long, value_name = "JSON")]
    config: String,
    /// Print JSON lines, and read commands as JSON lines from standard input; exit at its end.
    #[arg(long, required = true)]
    control: bool,
}

/// Runs the program until it is stopped.
pub(crate) fn program(arguments: &ProgramArguments) -> Result {
    let config: ProgramConfig = parse_config(&arguments.config)?;
    program_server::run_worker(&config).map_err(CommandError::Program)?;
    Ok(Exit::Held)
}
