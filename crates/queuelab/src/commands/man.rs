//! `queuelab man` and `queuelab completions`.

use clap::{Args, Command};

use super::print_output;
use crate::error::{CommandError, Result};

/// Arguments of `queuelab completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// Shell to complete for.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Prints the manual page.
pub(crate) fn man(command: Command) -> Result {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).map_err(|source| CommandError::Io {
        action: "render the manual page".to_owned(),
        source,
    })?;
    print_output(&String::from_utf8_lossy(&page))
}

/// Prints the completions for a shell.
pub(crate) fn completions(arguments: &CompletionsArguments, mut command: Command) -> Result {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "queuelab", &mut script);
    print_output(&String::from_utf8_lossy(&script))
}
