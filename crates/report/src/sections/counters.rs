//! The kernel's counters and their meaning.

use std::collections::HashSet;

use diagnosis::Topics;

use crate::document::{Block, Section, Source};
use crate::evidence;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let table = evidence::counter_table(source.run)?;
    let mut section = Section::new("counters", "What the kernel counted");
    let mut explained = HashSet::new();
    let names: Vec<_> = table.rows.iter().map(|row| row[1].clone()).collect();
    let are_zero = table.rows.iter().flat_map(|row| &row[table.words..]).all(|sum| sum == "0");
    if are_zero {
        let names = names.join(", ");
        section.report(Block::text(format!("None of these counters changed: {names}.")));
    } else {
        section.page(Block::caption(format!(
            "{}. A counter that is 0 is shown if that answers a question.",
            table.title
        )));
        section.report(table);
    }
    if let Some(listeners) = evidence::listeners(source.run) {
        section.summary(Block::Preformatted(listeners));
    }
    section.page(Block::Heading("What they mean"));
    let topics = Topics::built_in();
    for name in names.into_iter().filter(|name| explained.insert(name.clone())) {
        if let Some(topic) = topics.iter().find(|topic| topic.name == name) {
            let paragraphs = topic.text.split("\n\n").map(paragraph);
            let kernel = topic.kernel.iter();
            let kernel = kernel.map(|(place, what)| Block::caption(format!("`{place}`: {what}")));
            let blocks = paragraphs.chain(kernel).collect();
            section.page(Block::folded(format!("`{name}` {}", topic.summary), blocks));
        }
    }
    Some(section)
}

/// A paragraph of a topic; lines that start with a space are preformatted.
fn paragraph(text: &str) -> Block {
    match text.starts_with(' ') {
        true => Block::Preformatted(text.trim_end().to_owned()),
        false => Block::text(text),
    }
}
