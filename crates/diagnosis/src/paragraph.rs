//! A paragraph of the explanation.

/// A paragraph of the explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    /// What it does.
    pub kind: ParagraphKind,
    /// A reason in short, as a sentence with its full stop; or a belief as it is
    /// commonly put, without one.
    pub lead: String,
    /// What comes after it, with the figures: whole sentences. A no-break space
    /// joins what belongs on one line.
    pub sentences: Vec<String>,
}

/// What a paragraph of the explanation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParagraphKind {
    /// It says what acted, what shows it, and what would change it.
    Cause,
    /// It puts a common belief right, by what this run shows.
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
