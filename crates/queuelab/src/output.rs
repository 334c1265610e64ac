//! The standard output of every command.

use std::io::Write;

use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Prints to standard output. A closed pipe (`| head`) is not an error.
pub(crate) fn print_output(text: &str) -> Result {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CommandError::Io { action: "write to standard output".to_owned(), source })
        }
        _ => Ok(Exit::Held),
    }
}
