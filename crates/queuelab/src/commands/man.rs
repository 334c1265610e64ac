//! `queuelab man` and `queuelab completions`.

use clap::CommandFactory;

use super::answer;
use crate::cli::Cli;
use crate::error::{CommandError, Result};

/// Prints the manual page.
pub(crate) fn man() -> Result {
    let mut page = Vec::new();
    clap_mangen::Man::new(Cli::command())
        .render(&mut page)
        .map_err(|source| CommandError::Io { action: "make the manual page".to_owned(), source })?;
    answer(&String::from_utf8_lossy(&page))
}

/// Prints a shell's completions.
pub(crate) fn completions(shell: clap_complete::Shell) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "queuelab", &mut script);
    answer(&String::from_utf8_lossy(&script))
}
