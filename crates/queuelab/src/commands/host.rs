//! `queuelab host`: the first process of a container.

use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Serves the lab until it closes standard input.
pub(crate) fn host() -> Result {
    lab::serve_host()
        .map_err(|source| CommandError::Io { action: "serve the lab".to_owned(), source })?;
    Ok(Exit::Held)
}
