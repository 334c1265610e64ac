//! `queuelab man` and `queuelab completions`.

use clap::{Args, Command};

use super::answer;
use crate::error::{CommandError, Result};

/// Arguments of `queuelab completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Prints the manual page of a command line.
pub(crate) fn man(command: Command) -> Result {
    let mut page = Vec::new();
    clap_mangen::Man::new(command)
        .render(&mut page)
        .map_err(|source| CommandError::Io { action: "make the manual page".to_owned(), source })?;
    answer(&String::from_utf8_lossy(&page))
}

/// Prints the completions of a command line for a shell.
pub(crate) fn completions(arguments: &CompletionsArguments, mut command: Command) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "queuelab", &mut script);
    answer(&String::from_utf8_lossy(&script))
}
