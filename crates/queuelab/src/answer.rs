//! The standard output of every command.

use std::io::Write;

use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Prints a command's answer. A reader that has gone (`| head`) is no error.
pub(crate) fn answer(text: &str) -> Result {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CommandError::Io { action: "write the answer".to_owned(), source })
        }
        _ => Ok(Exit::Held),
    }
}
