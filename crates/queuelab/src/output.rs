//! The output of every command. Whatever is printed is made safe for a terminal here, because
//! any of it may be from a file or a peer.

use std::io::Write;

use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Prints to standard output. A closed pipe (`| head`) is not an error.
pub(crate) fn print_output(text: &str) -> Result {
    print(&visible::lines(text))
}

/// Prints an annotation, which is a command to GitHub.
pub(crate) fn print_annotation(annotation: &str) -> Result {
    print(&visible::document(annotation))
}

/// Prints JSON to standard output.
pub(crate) fn print_json(json: &str) -> Result {
    print(&visible::json(json))
}

/// Prints YAML to standard output, in which each text that is not safe is in double quotes.
pub(crate) fn print_yaml(yaml: &str) -> Result {
    print(&visible::yaml(yaml))
}

/// Prints a message to standard error. A closed standard error stops no command.
pub(crate) fn print_message(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", visible::lines(text));
}

fn print(safe: &str) -> Result {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", safe.trim_end()).and_then(|()| out.flush()) {
        Err(source) if source.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(CommandError::Io { action: "write to standard output".to_owned(), source })
        }
        _ => Ok(Exit::Held),
    }
}
