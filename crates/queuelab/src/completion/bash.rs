//! Completions for Bash, whose words end at `=`.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_complete::engine::complete;
use clap_complete::env::EnvCompleter;

/// Bash. The script of clap_complete passes `--only`, `server.backlog`, `=` and `10` as four
/// words; here they are one flag with one value.
pub(super) struct Bash;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == "bash"
    }

    fn write_registration(
        &self,
        _variable: &str,
        _name: &str,
        _program: &str,
        _completer: &str,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        to.write_all(include_bytes!("queuelab.bash"))
    }

    /// Prints a candidate a line. The last argument is the word at the cursor.
    fn write_complete(
        &self,
        command: &mut Command,
        arguments: Vec<OsString>,
        directory: Option<&Path>,
        to: &mut dyn Write,
    ) -> io::Result<()> {
        let Joined { words, kept } = join(&arguments);
        let last = words.len().saturating_sub(1);
        for candidate in complete(command, words, last, directory)? {
            let value = candidate.get_value().to_string_lossy();
            if let Some(rest) = value.get(kept..) {
                writeln!(to, "{rest}")?;
            }
        }
        Ok(())
    }
}

struct Joined {
    words: Vec<OsString>,
    /// Bytes of the last word that Bash keeps, up to its last `=`: only the rest is replaced.
    kept: usize,
}

/// Joins the words around each `=`.
fn join(arguments: &[OsString]) -> Joined {
    let mut joined = Joined { words: Vec::<OsString>::new(), kept: 0 };
    let mut follows_equals = false;
    for argument in arguments {
        let is_equals = argument == OsStr::new("=");
        match joined.words.last_mut() {
            Some(last) if is_equals || follows_equals => {
                joined.kept = last.len() + usize::from(is_equals);
                last.push(argument);
            }
            _ => {
                joined.kept = 0;
                joined.words.push(argument.clone());
            }
        }
        follows_equals = is_equals;
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_around_an_equals_sign_are_one() {
        for (words, joined, kept) in [
            (&["q", "run", "a"][..], &["q", "run", "a"][..], 0),
            (&["q", "--only", "a.b", "="], &["q", "--only", "a.b="], 4),
            (&["q", "--only", "a.b", "=", "1"], &["q", "--only", "a.b=1"], 4),
            (&["q", "--backend", "=", "netns", ""], &["q", "--backend=netns", ""], 0),
            (&["q", "--set", "=", "a", "=", "1"], &["q", "--set=a=1"], 8),
        ] {
            let words: Vec<_> = words.iter().map(OsString::from).collect();
            let found = join(&words);
            assert_eq!(
                (found.words, found.kept),
                (joined.iter().map(OsString::from).collect(), kept)
            );
        }
    }
}
