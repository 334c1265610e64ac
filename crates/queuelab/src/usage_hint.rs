//! The suggestion in a message about wrong arguments: the nearest command, flag or value that
//! the help lists. clap's own also suggests hidden ones, and names that differ in every place.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Replaces clap's suggestion in an error about these arguments.
pub(crate) fn replace(error: &mut clap::Error, program: &mut Command, arguments: &[OsString]) {
    let (written, suggestion) = match error.kind() {
        ErrorKind::InvalidSubcommand => {
            (ContextKind::InvalidSubcommand, ContextKind::SuggestedSubcommand)
        }
        ErrorKind::UnknownArgument => (ContextKind::InvalidArg, ContextKind::SuggestedArg),
        ErrorKind::InvalidValue => (ContextKind::InvalidValue, ContextKind::SuggestedValue),
        _ => return,
    };
    let Some(ContextValue::String(written)) = error.get(written).cloned() else { return };
    program.build();
    let path = command_path(program, arguments, &written);
    let names = match error.kind() {
        ErrorKind::InvalidSubcommand => visible_commands(path[path.len() - 1]),
        ErrorKind::UnknownArgument => path.iter().flat_map(|command| flags(command)).collect(),
        _ => match error.get(ContextKind::ValidValue) {
            Some(ContextValue::Strings(values)) => values.clone(),
            _ => return,
        },
    };
    error.remove(suggestion);
    // An empty list is printed as an empty line.
    if matches!(error.get(ContextKind::Suggested), Some(ContextValue::StyledStrs(tips)) if tips.is_empty())
    {
        error.remove(ContextKind::Suggested);
    }
    let names = names.iter().map(String::as_str);
    let mut similar = suggest::similar(&written, names);
    // A typo stands for one name; a beginning may stand for several.
    if similar.first().is_some_and(|first| suggest::likeness(&written, first).is_some()) {
        similar.truncate(1);
    }
    if let [one] = similar[..] {
        error.insert(suggestion, ContextValue::String(one.to_owned()));
    } else if !similar.is_empty() {
        let several = similar.into_iter().map(str::to_owned).collect();
        error.insert(suggestion, ContextValue::Strings(several));
    }
}

/// The visible subcommands of a command.
pub(crate) fn visible_commands(command: &Command) -> Vec<String> {
    let visible = command.get_subcommands().filter(|one| !one.is_hide_set());
    visible.map(|one| one.get_name().to_owned()).collect()
}

/// The program, and the commands and subcommands that the arguments before `wrong` name.
fn command_path<'a>(program: &'a Command, arguments: &[OsString], wrong: &str) -> Vec<&'a Command> {
    let mut path = vec![program];
    let words = arguments.iter().skip(1).filter_map(|argument| argument.to_str());
    for word in words.take_while(|word| word.split('=').next() != Some(wrong)) {
        match path[path.len() - 1].find_subcommand(word) {
            // `help` is followed by the name of any command.
            Some(command) if command.get_name() == "help" => {}
            Some(command) => path.push(command),
            None if word.starts_with('-') => {}
            None => break,
        }
    }
    path
}

fn flags(command: &Command) -> Vec<String> {
    let visible = command.get_arguments().filter(|flag| !flag.is_hide_set());
    visible.filter_map(|flag| Some(format!("--{}", flag.get_long()?))).collect()
}
