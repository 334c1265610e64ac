//! The causes of the results.

use diagnosis::{Paragraph, ParagraphKind, explain};

use crate::document::{Block, Point, Section, Source};

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let paragraphs = explain(source.run);
    let (reasons, beliefs): (Vec<_>, Vec<_>) =
        paragraphs.into_iter().partition(|paragraph| paragraph.kind == ParagraphKind::Cause);
    let mut section = Section::new("why", "Why");
    if !reasons.is_empty() {
        section
            .page(Block::caption("Each cause, its evidence, and what would change it."))
            .summary(Block::Points(reasons.into_iter().map(point).collect()));
    }
    if !beliefs.is_empty() {
        section
            .page(Block::Heading("Common beliefs, and what was observed here"))
            .summary(Block::Beliefs(beliefs.into_iter().map(point).collect()));
    }
    section.if_any()
}

fn point(paragraph: Paragraph) -> Point {
    let text = paragraph.text();
    Point { lead: paragraph.lead.text, text }
}
