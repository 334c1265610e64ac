//! `commands.yaml`: what the test does other than to run a command as it is printed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::command::Command;

/// The end of a text in the table that stands for any rest.
const ANY_REST: &str = "…";
/// Stands for every page.
const ANY_PAGE: &str = "*";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    placeholders: Vec<Placeholder>,
    commands: Vec<Rule>,
}

/// A text of a command that stands for another one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Placeholder {
    page: String,
    text: String,
    means: String,
    #[serde(skip)]
    is_used: Cell<bool>,
}

/// What is done for some commands, and why.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    page: String,
    /// The commands, each with its number of uses.
    commands: Vec<String>,
    because: String,
    /// A line of a shell that is run instead of the command.
    pub(crate) instead: Option<String>,
    /// The command is interrupted once it has printed this.
    pub(crate) until: Option<String>,
    /// Commands that are started before it, one after the other when each has printed a line, and
    /// ended after it.
    #[serde(default)]
    pub(crate) beside: Vec<String>,
    /// It is not run: only what it names is checked.
    #[serde(default)]
    pub(crate) is_only_named: bool,
    /// Nothing else runs at the same time.
    #[serde(default)]
    pub(crate) is_alone: bool,
    /// Its exit code.
    pub(crate) exit: Option<i32>,
    /// The numbers of the commands that were found.
    #[serde(skip)]
    used: RefCell<BTreeSet<usize>>,
}

impl Rules {
    pub(crate) fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/documents/commands.yaml");
        let rules: Self = serde_saphyr::from_str(&fs::read_to_string(path).unwrap())
            .unwrap_or_else(|error| panic!("commands.yaml: {error}"));
        for rule in &rules.commands {
            assert!(
                rule.instead.is_some()
                    || rule.until.is_some()
                    || rule.is_only_named
                    || rule.is_alone
                    || rule.exit.is_some()
                    || !rule.beside.is_empty(),
                "commands.yaml: `{}`: it says nothing to do",
                rule.because
            );
        }
        rules
    }

    /// The rule of a command, if it has one.
    pub(crate) fn of(&self, command: &Command) -> Option<&Rule> {
        if command.is_inline {
            return None;
        }
        self.commands.iter().find(|rule| {
            let is_page = rule.page == ANY_PAGE || rule.page == command.page;
            let is_it = |text: &String| match text.strip_suffix(ANY_REST) {
                Some(start) => command.text.starts_with(start),
                None => command.text == *text,
            };
            let number = rule.commands.iter().position(is_it).filter(|_| is_page);
            rule.used.borrow_mut().extend(number);
            number.is_some()
        })
    }

    /// A command with the texts for which its placeholders stand.
    pub(crate) fn filled(&self, command: &Command) -> String {
        let mut text = command.text.clone();
        for placeholder in &self.placeholders {
            let is_page = placeholder.page == ANY_PAGE || placeholder.page == command.page;
            if is_page && text.contains(&placeholder.text) {
                text = text.replace(&placeholder.text, &placeholder.means);
                placeholder.is_used.set(true);
            }
        }
        text
    }

    /// The entries that no command has used, each as a sentence.
    pub(crate) fn unused(&self) -> Vec<String> {
        let placeholders = self.placeholders.iter().filter(|it| !it.is_used.get());
        let placeholders = placeholders
            .map(|it| format!("the placeholder `{}` is in no command of {}", it.text, it.page));
        let commands = self.commands.iter().flat_map(|rule| {
            let unused = move |number: &usize| !rule.used.borrow().contains(number);
            (0..rule.commands.len()).filter(unused).map(move |number| {
                format!("{} has no command `{}`", rule.page, rule.commands[number])
            })
        });
        placeholders.chain(commands).collect()
    }
}
