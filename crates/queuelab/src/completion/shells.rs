//! The shells that can call this program for completions.

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;
use clap_complete::env::{CompleteEnv, Elvish, Fish, Powershell, Shells};

use super::bash::Bash;
use super::zsh::Zsh;
use crate::cli::Cli;

const SHELLS: Shells<'static> = Shells(&[&Bash, &Elvish, &Fish, &Powershell, &Zsh]);
/// The environment variable with the name of the shell that asks for completions.
const VARIABLE: &str = "COMPLETE";
const PROGRAM: &str = "queuelab";

/// Prints the completions and exits if a shell asks for them. Call it before anything is printed
/// and before the process starts a thread.
pub(crate) fn answer_shell() {
    CompleteEnv::with_factory(Cli::command)
        .var(VARIABLE)
        .completer(PROGRAM)
        .shells(SHELLS)
        .complete();
}

/// The script that lets a shell call this program for completions.
///
/// # Errors
/// None: it is written to memory.
pub(crate) fn registration(shell: Shell) -> io::Result<String> {
    let completer = SHELLS.completer(&shell.to_string());
    let completer = completer.ok_or_else(|| io::Error::other(format!("{shell} is not known")))?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, PROGRAM, PROGRAM, PROGRAM, &mut script)?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}
