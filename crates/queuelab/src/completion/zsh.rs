//! Completions for Zsh.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_complete::env::{self, EnvCompleter};

/// Zsh. The script of clap_complete completes nothing when it is loaded from a directory of
/// functions, and ends a setting without a value with a space.
pub(super) struct Zsh;

impl EnvCompleter for Zsh {
    fn name(&self) -> &'static str {
        "zsh"
    }

    fn is(&self, name: &str) -> bool {
        name == "zsh"
    }

    fn write_registration(
        &self,
        _variable: &str,
        _name: &str,
        _program: &str,
        _completer: &str,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        to.write_all(include_bytes!("queuelab.zsh"))
    }

    fn write_complete(
        &self,
        command: &mut Command,
        arguments: Vec<OsString>,
        directory: Option<&Path>,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        env::Zsh.write_complete(command, arguments, directory, to)
    }
}
