//! A document as plain text, readable without colour and without a terminal.
//!
//! Its rules: no charts, folding or links, and the short form at the end, where a reader
//! of a terminal looks first.

use run_view::prose::{WIDTH, wrap};

use super::{Block, Document, Level, Section};

pub(crate) fn render_terminal(document: &Document) -> String {
    let title = format!("{}: {}", document.name, document.question);
    let mut parts = vec![visible::line(&title).into_owned()];
    let (brief, others): (Vec<_>, Vec<_>) =
        document.sections.iter().partition(|section| section.is_brief);
    for section in others {
        let content = content(section);
        if !content.is_empty() {
            parts.push(section.heading.clone());
            parts.extend(content);
        }
    }
    parts.extend(brief.into_iter().flat_map(content));
    visible::lines(&parts.join("\n\n")).into_owned()
}

fn content(section: &Section) -> Vec<String> {
    section.up_to(Level::Report).flat_map(format_block).collect()
}

fn format_block(block: &Block) -> Vec<String> {
    let text = match block {
        Block::Text(_, text) => wrap_lines(text),
        Block::Preformatted(text) => text.clone(),
        Block::Verdict(_, headline) => visible::line(headline).into_owned(),
        Block::Table(table, is_wrapped) => {
            let drawn = if *is_wrapped { table.wrapped() } else { table.drawn() };
            match table.title.as_str() {
                "" => drawn.to_string(),
                title => format!("{title}\n{drawn}"),
            }
        }
        Block::List(items) | Block::Notes(items) => {
            let line = |item: &String| format!("  {}", visible::line(item));
            items.iter().map(line).collect::<Vec<_>>().join("\n")
        }
        Block::Points(points) => {
            return points.iter().map(|point| item(&point.lead, &point.text)).collect();
        }
        Block::Beliefs(points) => {
            let lead = |lead: &str| format!("Commonly believed: \"{lead}\". Here:");
            return points.iter().map(|point| item(&lead(&point.lead), &point.text)).collect();
        }
        Block::ChartsOrText { text, .. } => return text.iter().flat_map(format_block).collect(),
        Block::Folded { blocks, .. } => return blocks.iter().flat_map(format_block).collect(),
        Block::Facts(facts) => {
            let line = |(name, value): &(String, String)| {
                visible::line(&format!("{name}: {value}")).into_owned()
            };
            let lines = facts.iter().map(line);
            lines.collect::<Vec<_>>().join("\n")
        }
        Block::Heading(_)
        | Block::Charts { .. }
        | Block::Picker { .. }
        | Block::Anchor(_)
        | Block::Links { .. }
        | Block::Files(_)
        | Block::ChartFiles => return Vec::new(),
    };
    vec![text]
}

/// Wraps each line of a text.
fn wrap_lines(text: &str) -> String {
    let line = |line: &str| match line.chars().count() > WIDTH {
        true => wrap(line, "", ""),
        false => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n").replace('\u{a0}', " ")
}

fn item(lead: &str, text: &str) -> String {
    wrap(&format!("{lead} {text}"), "- ", "  ").replace('\u{a0}', " ")
}
