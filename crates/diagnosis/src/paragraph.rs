//! A paragraph of the explanation.

/// A paragraph of the explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    /// What it contains.
    pub kind: ParagraphKind,
    /// The cause as a short sentence with a full stop; or the misconception as people
    /// state it, without one.
    pub lead: String,
    /// The details with their numbers: complete sentences. A no-break space joins words
    /// that belong on one line.
    pub sentences: Vec<String>,
}

/// What a paragraph of the explanation contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParagraphKind {
    /// A limit that acted, its evidence, and how to change it.
    Cause,
    /// A common misconception, and what this run shows instead.
    Misconception,
}

impl Paragraph {
    pub(crate) fn cause(
        lead: impl Into<String>,
        sentences: impl IntoIterator<Item = String>,
    ) -> Self {
        let sentences = sentences.into_iter().collect();
        Self { kind: ParagraphKind::Cause, lead: lead.into(), sentences }
    }
}
