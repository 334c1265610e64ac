//! Why there is no screen.

use std::io;

/// Why the screen cannot be shown.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScreenError {
    /// Standard output is a file or a pipe.
    #[error(
        "standard output is not a terminal: use --once for a table or --json for a line of JSON \
         for each interval"
    )]
    NotATerminal,
    /// `TERM` is `dumb`: the terminal cannot move its cursor.
    #[error(
        "the terminal cannot show a screen (TERM=dumb): use --once for a table or --json for a \
         line of JSON for each interval"
    )]
    DumbTerminal,
    /// The modes of the terminal cannot be changed, or it has no keyboard.
    #[error("cannot set up the terminal")]
    SetUp(#[source] io::Error),
    /// Writing to the terminal failed.
    #[error("cannot draw on the terminal")]
    Draw(#[source] io::Error),
    /// The handlers of signals cannot be installed, or the process cannot be suspended.
    #[error("cannot handle signals")]
    Signals(#[source] io::Error),
}
