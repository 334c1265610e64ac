//! A document in GitHub's Markdown, for a job's summary page.
//!
//! Its rules: no charts and no more than the summary of each section; after so many
//! bytes no further table, since GitHub takes no more than a mebibyte for a job.

use run_record::Verdict;

use super::{Block, Document, Level, Tone};
use crate::table::escaped;

/// Bytes after which no further table is written.
const MAX_BYTES: usize = 256 << 10;

/// The longest table, bytes.
const MAX_TABLE_BYTES: usize = 128 << 10;

/// The whole document, below a heading of that level (`#` or `##`).
pub(crate) fn render_markdown(document: &Document, level: &str) -> String {
    let mut text = render_markdown_brief(document, level);
    let mut left_out = 0;
    for section in document.sections.iter().filter(|section| !section.is_brief) {
        let mut blocks = section.up_to(Level::Summary).peekable();
        if blocks.peek().is_some() {
            text += &format!("{level}# {}\n\n", escaped(&section.heading));
        }
        for block in blocks {
            write(&mut text, block, &mut left_out);
        }
    }
    if left_out > 0 {
        text +=
            &format!("{left_out} more tables would be too long here: `cells.csv` has them.\n\n");
    }
    format!("{}\n", text.replace('\u{a0}', " ").trim_end())
}

/// Its short form, below a heading of that level.
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

fn write(text: &mut String, block: &Block, left_out: &mut usize) {
    match block {
        Block::Text(Tone::Warning, sentence) => {
            *text += &format!("⚠️ {}\n\n", escaped(sentence));
        }
        Block::Text(_, sentence) => *text += &format!("{}\n\n", escaped(sentence)),
        Block::Verdict(verdict, headline) => {
            *text += &format!("{} **{}**\n\n", sign(*verdict), escaped(headline));
        }
        Block::Heading(heading) => *text += &format!("**{}**\n\n", escaped(heading)),
        Block::Table(table, _) => {
            let written = table.markdown();
            if text.len() > MAX_BYTES || written.len() > MAX_TABLE_BYTES {
                *left_out += 1;
                return;
            }
            if !table.title.is_empty() {
                *text += &format!("**{}**\n\n", escaped(&table.title));
            }
            *text += &format!("{written}\n");
        }
        Block::List(items) => {
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
        Block::Drawn { words: blocks, .. } | Block::Folded { blocks, .. } => {
            blocks.iter().for_each(|block| write(text, block, left_out));
        }
        Block::Charts { .. }
        | Block::Picker { .. }
        | Block::Anchor(_)
        | Block::Links { .. }
        | Block::Files(_)
        | Block::ChartFiles => {}
    }
}

/// The verdict as a sign.
fn sign(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Failed => "❌",
        Verdict::HeldOnRetry | Verdict::Incomplete => "⚠️",
        Verdict::Held | Verdict::NotChecked => "✅",
    }
}
