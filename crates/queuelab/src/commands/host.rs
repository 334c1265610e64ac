//! `queuelab host`: the first process of a container.

use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Runs the agent until the lab closes its standard input.
pub(crate) fn host() -> Result {
    lab::run_agent().map_err(CommandError::Agent)?;
    Ok(Exit::Held)
}
