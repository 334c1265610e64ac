//! The causes of the results.

use diagnosis::{Paragraph, ParagraphKind, explain};

use run_view::prose::several;

use crate::document::{Block, Point, Section, Source, Tone};

/// The causes in the short form.
const MAX_SHORT: usize = 3;

pub(super) fn section(source: &Source<'_>) -> Option<Section> {
    let paragraphs = explain(source.run);
    let (reasons, beliefs): (Vec<_>, Vec<_>) =
        paragraphs.into_iter().partition(|paragraph| paragraph.kind == ParagraphKind::Cause);
    let mut section = Section::new("why", "Why");
    section.is_open = true;
    let disturbed = source.run.trials.iter().filter(|trial| trial.is_disturbed()).count();
    if disturbed > 0 && !(reasons.is_empty() && beliefs.is_empty()) {
        let trials = several(disturbed as u64, "disturbed trial");
        section.summary(Block::Text(
            Tone::Warning,
            format!(
                "What {trials} contributed to this can be due to what disturbed {}.",
                if disturbed == 1 { "it" } else { "them" }
            ),
        ));
    }
    if !reasons.is_empty() {
        for reason in reasons.iter().take(MAX_SHORT) {
            let text = reason.sentences.first().map_or(String::new(), |first| first.text.clone());
            let point = Point { lead: reason.lead.text.clone(), text };
            section.short(Block::Points(vec![point]));
        }
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
