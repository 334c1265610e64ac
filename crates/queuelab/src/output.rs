//! The output of every command. Whatever is printed is made safe for a terminal here, because
//! any of it may be from a file or a peer.

use std::io::Write;

use crate::error::{CommandError, Result};
use crate::exit::Exit;
use anstream::{AutoStream, ColorChoice};
use run_view::{Printable, Screen, prose};
use serde::Serialize;
use terminal_size::{Width, terminal_size_of};

/// The longest line on a wide terminal, in columns.
const MAX_COLUMNS: usize = 120;

/// Prints to standard output, with lines that fit the screen. A closed pipe (`| head`) is not
/// an error.
pub(crate) fn print_output(text: &str) -> Result {
    let text = match columns() {
        Some(columns) => prose::fit(columns, text),
        None => text.to_owned(),
    };
    print(&visible::lines(&text))
}

/// The width and colours of standard output. A file without a known width gets the usual one.
pub(crate) fn screen() -> Screen {
    let has_colour = AutoStream::choice(&std::io::stdout()) != ColorChoice::Never;
    // Longer lines are hard to read.
    match columns() {
        Some(columns) => Screen::terminal(columns.min(MAX_COLUMNS), has_colour),
        None => Screen { has_colour, ..Screen::FILE },
    }
}

/// The columns of the terminal, or those that the environment variable COLUMNS gives a file.
fn columns() -> Option<usize> {
    let of_file = || std::env::var("COLUMNS").ok()?.trim().parse::<usize>().ok();
    let columns = match terminal_size_of(std::io::stdout()) {
        Some((Width(columns), _)) => Some(usize::from(columns)),
        None => of_file(),
    };
    columns.filter(|columns| *columns > 0).map(|columns| columns.max(Screen::MIN_COLUMNS))
}

/// Prints a text that is laid out for [`screen`].
pub(crate) fn print_text(text: &Printable) -> Result {
    print(text.as_str())
}

/// Prints a text for another program, such as a script or a manual page: its lines are not
/// wrapped.
pub(crate) fn print_for_program(text: &str) -> Result {
    print(&visible::document(text))
}

/// Prints an annotation, which is a command to GitHub.
pub(crate) fn print_annotation(annotation: &str) -> Result {
    print(&visible::document(annotation))
}

/// Prints JSON to standard output.
pub(crate) fn print_json(json: &str) -> Result {
    print(&visible::json(json))
}

/// Prints one of many lines of JSON to standard output; false if its reader has closed it, so that
/// no further one is wanted.
pub(crate) fn print_line(json: &str) -> std::result::Result<bool, CommandError> {
    write(&visible::json(json))
}

/// Prints a document as JSON to standard output.
pub(crate) fn print_document(document: &impl Serialize) -> Result {
    print_json(&serde_json::to_string_pretty(document).expect("a document is plain data"))
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
    write(safe).map(|_| Exit::Held)
}

/// Writes to standard output; false if its reader has closed it.
fn write(safe: &str) -> std::result::Result<bool, CommandError> {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{}", safe.trim_end()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(source) if source.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(source) => {
            Err(CommandError::Io { action: "write to standard output".to_owned(), source })
        }
    }
}
