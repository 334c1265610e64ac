//! `queuelab listening`: a health check.

use linux_net::SocketDiag;

use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Flags of `queuelab listening`.
#[derive(Debug, clap::Args)]
pub(crate) struct ListeningArguments {
    /// The TCP port.
    port: u16,
}

/// Reads the listeners from the kernel instead of connecting, because a connection would
/// take a place in the measured accept queue.
pub(crate) fn listening(arguments: &ListeningArguments) -> Result {
    let listeners = SocketDiag::open()?.listeners()?;
    match listeners.iter().any(|listener| listener.local.port() == arguments.port) {
        true => Ok(Exit::Held),
        false => Err(CommandError::NotListening(arguments.port)),
    }
}
