//! `queuelab completions`: lets a shell complete the names that this program knows.

use clap::Args;
use clap_complete::Shell;

use super::print_for_program;
use crate::completion;
use crate::error::{CommandError, Result};

/// Arguments of `queuelab completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// Shell to complete for.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script that a shell evaluates when it starts. From then on it calls this program
/// for the completions.
pub(crate) fn completions(arguments: &CompletionsArguments) -> Result {
    let script = completion::registration(arguments.shell).map_err(|source| CommandError::Io {
        action: "write the completions".to_owned(),
        source,
    })?;
    print_for_program(&script)
}
