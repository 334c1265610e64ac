//! `queuelab man` and `queuelab completions`.

use std::path::PathBuf;

use clap::{Args, Command};

use super::print_output;
use crate::error::{CommandError, Result};
use crate::exit::Exit;

/// Arguments of `queuelab man`.
#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// Write the page of each command to this directory, as `queuelab-run.1`, instead of
    /// printing that of `queuelab`.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Arguments of `queuelab completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// Shell to complete for.
    #[arg(value_enum)]
    shell: clap_complete::Shell,
}

/// Prints the manual page, or writes those of all commands.
pub(crate) fn man(arguments: &ManArguments, command: Command) -> Result {
    if let Some(directory) = &arguments.out {
        let fail = |source| CommandError::Io {
            action: format!("write manual pages to {}", directory.display()),
            source,
        };
        std::fs::create_dir_all(directory).map_err(fail)?;
        clap_mangen::generate_to(command, directory).map_err(fail)?;
        return Ok(Exit::Held);
    }
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
