//! A document as text, readable without colour and without a terminal.
//!
//! Its rules: the answer first and last, no charts, folding or links. The short form shows
//! what fits into a number of lines.

mod blocks;

use run_view::{Emphasis, Printable, Screen};

pub(crate) use self::blocks::emphasis;
use self::blocks::{Form, format_block, wrapped};
use super::{Block, Document, Level, Section, Tone};

/// The lines of the short form, with those that a command adds about files.
const MAX_LINES: usize = 40;

/// The lines that a command adds: an empty one, the directory, the report and the full form.
const LINES_ABOUT_FILES: usize = 4;

/// How much of a document is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The answer, and whether everything held.
    Answer,
    /// Also the tables and causes that matter most: in at most 40 lines, but for the lists of what
    /// failed or held only when run again.
    Short,
    /// Everything.
    Full,
}

/// A document as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TerminalText {
    /// All but the end.
    pub body: Printable,
    /// The answer again, which belongs after everything else that a command prints.
    pub end: Printable,
}

pub(crate) fn render_terminal(document: &Document, screen: Screen, detail: Detail) -> TerminalText {
    let conclusion = conclusion(document, screen);
    let end = Printable::joined(conclusion.iter().cloned(), "\n\n");
    let mut parts = vec![title(document, screen)];
    let sections = || document.sections.iter();
    match detail {
        Detail::Answer => {}
        Detail::Short => {
            parts.extend(conclusion);
            // The title and the answer, the end, and an empty line before each.
            let mut left = MAX_LINES.saturating_sub(LINES_ABOUT_FILES + 2 * (end.height() + 1) + 2);
            for part in sections().flat_map(|section| short(section, screen)) {
                if part.height() < left {
                    left -= part.height() + 1;
                    parts.push(part);
                }
            }
            // What limits the answer is shown whatever its length.
            let brief = sections().filter(|section| section.is_brief);
            parts.extend(brief.flat_map(|section| limits(section, screen)));
        }
        Detail::Full => {
            parts.extend(conclusion);
            parts.extend(sections().flat_map(|section| full(section, screen)));
        }
    }
    TerminalText { body: Printable::joined(parts, "\n\n"), end }
}

/// A section in the full form: its heading, if it has one there, and all but the conclusion.
fn full(section: &Section, screen: Screen) -> Vec<Printable> {
    let form = Form { screen, is_compact: false };
    let blocks = section.up_to(Level::Report);
    let blocks = blocks.filter(|block| !section.is_brief || !concludes(block));
    let mut content: Vec<_> = blocks.flat_map(|block| format_block(block, form)).collect();
    if !content.is_empty() && !section.is_brief {
        content.insert(0, wrapped(screen, Emphasis::Strong, &section.heading));
    }
    content
}

fn title(document: &Document, screen: Screen) -> Printable {
    wrapped(screen, Emphasis::Strong, &format!("{}: {}", document.name, document.question))
}

/// The answer, whether everything held, and whether anything is missing.
fn conclusion(document: &Document, screen: Screen) -> Vec<Printable> {
    let brief = document.sections.iter().filter(|section| section.is_brief);
    let mut blocks: Vec<_> =
        brief.flat_map(|section| section.up_to(Level::Report)).filter(|it| concludes(it)).collect();
    // The answer is the first thing to read, and begins with a verdict that limits it.
    blocks.sort_by_key(|block| !matches!(block, Block::Text(Tone::Answer, _)));
    let answer = blocks.iter().find_map(|block| match block {
        Block::Text(Tone::Answer, text) => Some(text.as_str()),
        _ => None,
    });
    let is_said = |block: &&&Block| match block {
        Block::Verdict(_, headline) => answer.is_some_and(|text| text.starts_with(headline)),
        _ => false,
    };
    let form = Form { screen, is_compact: true };
    let blocks = blocks.iter().filter(|block| !is_said(block));
    blocks.flat_map(|block| format_block(block, form)).collect()
}

/// Whether a block of the short form belongs to the conclusion.
fn concludes(block: &Block) -> bool {
    match block {
        Block::Verdict(..) => true,
        Block::Text(tone, _) => matches!(tone, Tone::Answer | Tone::Unfinished),
        _ => false,
    }
}

/// The parts of a section in the short form, the most important first.
fn short(section: &Section, screen: Screen) -> Vec<Printable> {
    let form = Form { screen, is_compact: true };
    section.short.iter().flat_map(|block| format_block(block, form)).collect()
}

/// The lists of what failed, and of what held only when run again.
fn limits(section: &Section, screen: Screen) -> Vec<Printable> {
    let form = Form { screen, is_compact: true };
    let blocks = section.up_to(Level::Report).filter(|block| matches!(block, Block::List(_)));
    blocks.flat_map(|block| format_block(block, form)).collect()
}
