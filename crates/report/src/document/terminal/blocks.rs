//! The blocks of a document as text.

use run_record::Verdict;
use run_view::prose::wrap_to;
use run_view::{Emphasis, Printable, Screen};

use crate::document::{Block, Tone};

/// How blocks are laid out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) screen: Screen,
    /// Whether tables have no frames.
    pub(super) is_compact: bool,
}

/// A block as text; several for a block with several paragraphs.
pub(super) fn format_block(block: &Block, form: Form) -> Vec<Printable> {
    let Form { screen, is_compact } = form;
    let text = match block {
        Block::Text(tone, text) => match tone {
            Tone::Answer => wrapped(screen, Emphasis::Strong, text),
            Tone::Warning | Tone::Unfinished => wrapped(screen, Emphasis::Warning, text),
            Tone::Plain | Tone::Caption => Printable::new(&lines(screen, text)),
        },
        Block::Preformatted(text) => Printable::new(&lines(screen, text)),
        Block::Verdict(verdict, headline) => wrapped(screen, emphasis(*verdict), headline),
        Block::Table(table) => {
            let drawn = if is_compact { table.compact(screen) } else { table.text(screen) };
            match table.title.as_str() {
                "" => drawn,
                title => Printable::joined([wrapped(screen, Emphasis::Strong, title), drawn], "\n"),
            }
        }
        Block::List(items) => {
            let item = |item: &String| {
                let text = wrap_to(screen.columns, item, "  ", "    ");
                Printable::with(screen, Emphasis::Bad, &text)
            };
            Printable::joined(items.iter().map(item), "\n")
        }
        Block::Notes(items) => {
            let item = |item: &String| Printable::new(&wrap_to(screen.columns, item, "  ", "    "));
            Printable::joined(items.iter().map(item), "\n")
        }
        Block::Points(points) => {
            return points.iter().map(|point| item(screen, &point.lead, &point.text)).collect();
        }
        Block::Beliefs(points) => {
            let lead = |lead: &str| format!("Commonly believed: \"{lead}\". Here:");
            let beliefs = points.iter().map(|point| item(screen, &lead(&point.lead), &point.text));
            return beliefs.collect();
        }
        Block::ChartsOrText { text: blocks, .. }
        | Block::Folded { blocks, .. }
        | Block::FoldedList(blocks) => {
            return blocks.iter().flat_map(|block| format_block(block, form)).collect();
        }
        Block::Facts(facts) => {
            let line = |(name, value): &(String, String)| {
                Printable::new(&wrap_to(screen.columns, &format!("{name}: {value}"), "", "  "))
            };
            Printable::joined(facts.iter().map(line), "\n")
        }
        Block::Heading(_)
        | Block::Charts { .. }
        | Block::Picker { .. }
        | Block::Anchor(_)
        | Block::Links { .. }
        | Block::Back(..)
        | Block::Files(_)
        | Block::ChartFiles => return Vec::new(),
    };
    vec![text]
}

/// A text in lines that fit, with a colour if the screen has colours.
pub(super) fn wrapped(screen: Screen, emphasis: Emphasis, text: &str) -> Printable {
    Printable::with(screen, emphasis, &lines(screen, text))
}

/// The meaning of a verdict.
pub(crate) const fn emphasis(verdict: Verdict) -> Emphasis {
    match verdict {
        Verdict::Held => Emphasis::Good,
        Verdict::Failed => Emphasis::Bad,
        Verdict::NotChecked => Emphasis::Strong,
        Verdict::HeldOnRetry | Verdict::Incomplete | Verdict::Inconclusive => Emphasis::Warning,
    }
}

/// Wraps each line of a text that is too long, below its own indentation.
fn lines(screen: Screen, text: &str) -> String {
    let line = |line: &str| match line.chars().count() > screen.columns {
        true => {
            let indent = &line[..line.len() - line.trim_start().len()];
            let then = if indent.is_empty() { String::new() } else { format!("{indent}  ") };
            wrap_to(screen.columns, line, indent, &then)
        }
        false => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n").replace('\u{a0}', " ")
}

fn item(screen: Screen, lead: &str, text: &str) -> Printable {
    let text = wrap_to(screen.columns, &format!("{lead} {text}"), "- ", "  ");
    Printable::new(&text.replace('\u{a0}', " "))
}
