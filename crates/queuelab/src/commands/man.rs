//! `queuelab man`: the manual pages.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use clap_complete::{ArgValueCandidates, CompletionCandidate};
use clap_mangen::Man;

use super::print_for_program;
use crate::cli::Cli;
use crate::error::{CommandError, Result};
use crate::exit::Exit;
use crate::usage_hint;

/// Arguments of `queuelab man`.
#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// The command whose page is printed, such as run or ci compare [default: queuelab itself].
    ///
    /// To read the page: `queuelab man run | man -l -`.
    #[arg(add = ArgValueCandidates::new(commands))]
    command: Vec<String>,
    /// Write the page of each command to this directory, as `queuelab-run.1`, instead of
    /// printing one.
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    out: Option<PathBuf>,
}

/// The commands, for completion.
fn commands() -> Vec<CompletionCandidate> {
    let program = Cli::command();
    let visible = program.get_subcommands().filter(|command| !command.is_hide_set());
    visible
        .map(|command| {
            CompletionCandidate::new(command.get_name()).help(command.get_about().cloned())
        })
        .collect()
}

/// Prints a manual page in roff format, or writes those of all commands.
pub(crate) fn man(arguments: &ManArguments, program: Command) -> Result {
    if let Some(directory) = &arguments.out {
        let fail = |source| CommandError::Io {
            action: format!("write manual pages to {}", directory.display()),
            source,
        };
        std::fs::create_dir_all(directory).map_err(fail)?;
        clap_mangen::generate_to(program, directory).map_err(fail)?;
        return Ok(Exit::Held);
    }
    // As in `generate_to`: each page is then called `queuelab-run`.
    let mut program = program.disable_help_subcommand(true);
    program.build();
    let command = find(&program, &arguments.command)?;
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page).map_err(|source| CommandError::Io {
        action: "render the manual page".to_owned(),
        source,
    })?;
    print_for_program(&String::from_utf8_lossy(&page))
}

/// The command with that name and the names of its parents, outermost first.
fn find<'a>(program: &'a Command, names: &[String]) -> Result<&'a Command> {
    let mut command = program;
    for name in names {
        command = command.find_subcommand(name).ok_or_else(|| unknown(command, name))?;
    }
    Ok(command)
}

fn unknown(parent: &Command, name: &str) -> CommandError {
    let names = usage_hint::visible_commands(parent);
    let program = parent.get_bin_name().unwrap_or("queuelab");
    let names = names.iter().map(String::as_str);
    CommandError::Usage(match suggest::nearest(name, names) {
        Some(nearest) => {
            format!("`{program}` has no command `{name}`: did you mean `{nearest}`?")
        }
        None => format!("`{program}` has no command `{name}`; `{program} --help` lists all"),
    })
}
