//! The commands of a page, and the outputs that it shows of them.

use std::sync::LazyLock;

use regex::Regex;

use crate::page::{Block, Page};
use crate::pattern::Pattern;

/// What a command begins with, after `sudo` and variables. On a page with formulas, a line of a
/// block that begins with none of them is one.
const PROGRAMS: [&str; 13] = [
    "queuelab",
    "queuelab-0.2.0-*-linux/queuelab",
    "cargo",
    "just",
    "bash",
    "rm",
    "docker",
    "docker-compose",
    "curl",
    "tar",
    "kill",
    "cat",
    ".ci/release",
];

/// Languages of blocks in which a line is a command.
const SHELLS: [&str; 3] = ["sh", "bash", "shell"];
/// Languages of blocks in which only a line after `$ ` is a command, and the rest is its output.
const CONSOLES: [&str; 3] = ["", "text", "console"];

/// Pages with formulas.
const WITH_FORMULAS: [&str; 2] = ["docs/lessons/", "docs/two-queues.md"];

/// A command of a page.
#[derive(Clone)]
pub(crate) struct Command {
    pub(crate) page: String,
    pub(crate) line: usize,
    /// Without a comment, in one line.
    pub(crate) text: String,
    /// Whether it is in a sentence: then it is an example of usage, and not run.
    pub(crate) is_inline: bool,
    pub(crate) output: Option<Pattern>,
}

impl Command {
    /// The place and the text, as an error begins.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}: `{}`", self.page, self.line, self.text)
    }
}

/// All commands of a page, in its order.
///
/// # Errors
/// If a comment before a block cannot be read, or is of no command.
pub(crate) fn commands(page: &Page) -> Result<Vec<Command>, String> {
    let mut commands = Vec::new();
    for block in &page.blocks {
        let problem = |error| format!("{}:{}: {error}", page.path, block.line);
        match block.language.as_deref() {
            Some(language) if CONSOLES.contains(&language) => {
                add_console(page, block, &mut commands).map_err(problem)?;
            }
            Some(language) if SHELLS.contains(&language) => add_lines(page, block, &mut commands),
            Some(_) => {}
            None => add_lines(page, block, &mut commands),
        }
    }
    for code in &page.inline {
        add_inline(page, code.line, &code.text, &mut commands);
    }
    Ok(commands)
}

/// Adds a command of each line, and those within its comment.
fn add_lines(page: &Page, block: &Block, commands: &mut Vec<Command>) {
    for (line, text) in whole_lines(block) {
        let (text, comment) = text.split_once(" #").unwrap_or((&text, ""));
        let has_formulas = WITH_FORMULAS.iter().any(|start| page.path.starts_with(start));
        let is_formula = has_formulas && !begins_with_a_program(text);
        if !is_formula && !text.trim().is_empty() {
            commands.push(command(page, line, text));
        }
        for code in comment.split('`').skip(1).step_by(2) {
            add_inline(page, line, code, commands);
        }
    }
}

/// Adds the commands after `$ `, each with the lines up to the next one as its output, or a
/// block that is the output of a command before it.
fn add_console(page: &Page, block: &Block, commands: &mut Vec<Command>) -> Result<(), String> {
    let notes = Pattern::notes(block.comment.as_deref().unwrap_or_default())?;
    let mut lines = block.text.lines().enumerate().peekable();
    if let Some(of) = &notes.of {
        let is_it = |command: &&mut Command| command.text == *of && !command.is_inline;
        let command = commands.iter_mut().rev().find(is_it);
        let command = command.ok_or_else(|| format!("no command `{of}` before this output"))?;
        match &mut command.output {
            Some(output) => output.add(&notes, &block.text, block.line),
            none => *none = Some(Pattern::new(&notes, &block.text, block.line)),
        }
        return Ok(());
    }
    if lines.peek().is_some_and(|(_, line)| !line.starts_with("$ ")) {
        return match block.language.as_deref() {
            // A block without a language is often a command.
            Some("") => {
                add_lines(page, block, commands);
                Ok(())
            }
            _ => Err("it is not said which command prints this: put a comment before it, such as \
                      `<!-- output of: queuelab list -->`"
                .to_owned()),
        };
    }
    while let Some((number, line)) = lines.next() {
        let line = line.strip_prefix("$ ").expect("lines before the next `$ ` are taken below");
        let mut command = command(page, block.line + number, line);
        let mut output = String::new();
        while let Some((_, line)) = lines.next_if(|(_, line)| !line.starts_with("$ ")) {
            output.push_str(line);
            output.push('\n');
        }
        command.output = Some(Pattern::new(&notes, &output, block.line + number + 1));
        commands.push(command);
    }
    Ok(())
}

fn add_inline(page: &Page, line: usize, code: &str, commands: &mut Vec<Command>) {
    let is_command = begins_with_a_program(code) && code.contains(' ');
    if is_command && !matches!(code, "cargo lab") {
        commands.push(Command { is_inline: true, ..command(page, line, code) });
    }
}

fn command(page: &Page, line: usize, text: &str) -> Command {
    let text = text.trim().to_owned();
    Command { page: page.path.clone(), line, text, is_inline: false, output: None }
}

/// The lines of a block, with those that a `\` joins as one.
fn whole_lines(block: &Block) -> Vec<(usize, String)> {
    let mut whole: Vec<(usize, String)> = Vec::new();
    let mut is_continued = false;
    for (number, line) in block.text.lines().enumerate() {
        let part = line.strip_suffix('\\').unwrap_or(line).trim();
        match whole.last_mut().filter(|_| is_continued) {
            Some((_, whole)) => *whole = format!("{whole} {part}"),
            None => whole.push((block.line + number, part.to_owned())),
        }
        is_continued = line.ends_with('\\');
    }
    whole
}

/// A command without `sudo` and variables before it.
pub(crate) fn without_prefix(text: &str) -> &str {
    static PREFIX: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^((sudo|[A-Z_]+=\S+) )*").unwrap());
    &text[PREFIX.find(text).map_or(0, |prefix| prefix.end())..]
}

fn begins_with_a_program(text: &str) -> bool {
    without_prefix(text).split(' ').next().is_some_and(|word| PROGRAMS.contains(&word))
}
