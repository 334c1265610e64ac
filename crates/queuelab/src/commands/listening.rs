//! `queuelab listening`: for health checks.

use linux_net::SocketDiag;

use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab listening`.
#[derive(Debug, clap::Args)]
pub(crate) struct ListeningArguments {
    /// The TCP port.
    port: u16,
}

/// Asks the kernel, and never connects: a health check's connection would stand
/// in the accept queue that is being measured.
pub(crate) fn listening(arguments: &ListeningArguments) -> Result {
    let listeners = SocketDiag::open()?.listeners()?;
    match listeners.iter().any(|listener| listener.local.port() == arguments.port) {
        true => Ok(Exit::Held),
        false => Err(CommandError::NotListening(arguments.port)),
    }
}
