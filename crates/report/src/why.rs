//! The explanation of a run as a section of plain text.

use diagnosis::{Paragraph, ParagraphKind, explain};
use run_view::Run;
use run_view::prose::wrapped;

/// The explanation as a section of plain text.
pub(crate) fn section(run: &Run) -> Option<String> {
    let written = |paragraph: &Paragraph| {
        let Paragraph { kind, lead, sentences } = paragraph;
        let text = sentences.join(" ");
        let text = match kind {
            ParagraphKind::Reason => format!("{lead} {text}"),
            ParagraphKind::Belief => format!("Commonly believed: \"{lead}\". Here: {text}"),
        };
        wrapped(&text, "- ", "  ").replace('\u{a0}', " ")
    };
    let paragraphs: Vec<_> = explain(run).iter().map(written).collect();
    (!paragraphs.is_empty()).then(|| format!("Why\n\n{}", paragraphs.join("\n\n")))
}
