//! A document in GitHub's Markdown, for a job's summary page.
//!
//! Its rules: no charts, only the summary of each section, and no more tables after a
//! number of bytes, because GitHub limits the summary of a job to one mebibyte.

use run_record::Verdict;

use super::{Block, Document, Level, Tone};
use crate::table::escaped;

/// The length after which no more tables are added, bytes.
const MAX_BYTES: usize = 256 << 10;

/// The longest table, bytes.
const MAX_TABLE_BYTES: usize = 128 << 10;

/// The document below a heading of that level (`#` or `##`).
pub(crate) fn render_markdown(document: &Document, level: &str) -> String {
    let mut text = render_markdown_brief(document, level);
    let mut omitted = 0;
    for section in document.sections.iter().filter(|section| !section.is_brief) {
        let mut blocks = section.up_to(Level::Summary).peekable();
        if blocks.peek().is_some() {
            text += &format!("{level}# {}\n\n", escaped(&section.heading));
        }
        for block in blocks {
            write(&mut text, block, &mut omitted);
        }
    }
    if omitted > 0 {
        text += &format!(
            "{omitted} more tables are omitted because of their length; see `cells.csv`.\n\n"
        );
    }
    format!("{}\n", text.replace('\u{a0}', " ").trim_end())
}

/// The short form of the document below a heading of that level.
pub(crate) fn render_markdown_brief(document: &Document, level: &str) -> String {
    let mut text =
        format!("{level} {}: {}\n\n", escaped(&document.name), escaped(&document.question));
    for section in document.sections.iter().filter(|section| section.is_brief) {
        for block in section.up_to(Level::Summary) {
            write(&mut text, block, &mut 0);
        }
    }
    text.replace('\u{a0}', " ")
}

fn write(text: &mut String, block: &Block, omitted: &mut usize) {
    match block {
        Block::Text(Tone::Warning, sentence) => {
            *text += &format!("⚠️ {}\n\n", escaped(sentence));
        }
        Block::Text(_, sentence) => *text += &format!("{}\n\n", escaped(sentence)),
        Block::Verdict(verdict, headline) => {
            *text += &format!("{} **{}**\n\n", sign(*verdict), escaped(headline));
        }
        Block::Heading(heading) => *text += &format!("**{}**\n\n", escaped(heading)),
        Block::Table(table) => {
            let markdown = table.markdown();
            if text.len() > MAX_BYTES || markdown.len() > MAX_TABLE_BYTES {
                *omitted += 1;
                return;
            }
            if !table.title.is_empty() {
                *text += &format!("**{}**\n\n", escaped(&table.title));
            }
            *text += &format!("{markdown}\n");
        }
        Block::List(items) | Block::Notes(items) => {
            text.extend(items.iter().map(|item| format!("- {}\n", escaped(item))));
            text.push('\n');
        }
        Block::Points(points) => {
            let line =
                |lead: &str, rest: &str| format!("- **{}** {}\n", escaped(lead), escaped(rest));
            text.extend(points.iter().map(|point| line(&point.lead, &point.text)));
            text.push('\n');
        }
        Block::Beliefs(points) => {
            text.extend(points.iter().map(|point| {
                let (lead, rest) = (escaped(&point.lead), escaped(&point.text));
                format!("- **Commonly believed: “{lead}”. Here:** {rest}\n")
            }));
            text.push('\n');
        }
        Block::Facts(facts) => {
            text.extend(
                facts
                    .iter()
                    .map(|(name, value)| format!("- {}: {}\n", escaped(name), escaped(value))),
            );
            text.push('\n');
        }
        Block::Preformatted(lines) => {
            text.extend(lines.lines().map(|line| format!("- {}\n", escaped(line.trim()))));
            text.push('\n');
        }
        Block::ChartsOrText { text: blocks, .. }
        | Block::Folded { blocks, .. }
        | Block::FoldedList(blocks) => {
            blocks.iter().for_each(|block| write(text, block, omitted));
        }
        Block::Charts { .. }
        | Block::Picker { .. }
        | Block::Anchor(_)
        | Block::Links { .. }
        | Block::Back(..)
        | Block::Files(_)
        | Block::ChartFiles => {}
    }
}

/// The symbol of a verdict.
fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Failed => "❌",
        Verdict::HeldOnRetry | Verdict::Incomplete | Verdict::Inconclusive => "⚠️",
        Verdict::Held | Verdict::NotChecked => "✅",
    }
}
