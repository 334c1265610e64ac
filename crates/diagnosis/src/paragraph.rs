//! A paragraph of the explanation.

use run_record::ExecutionId;

use crate::claim::Claim;

/// A paragraph of the explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paragraph {
    /// What it contains.
    pub kind: ParagraphKind,
    /// The cause as a short sentence with a full stop; or the misconception as people
    /// state it, without one.
    pub lead: Sentence,
    /// The details with their numbers: complete sentences.
    pub sentences: Vec<Sentence>,
}

/// What a paragraph of the explanation contains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParagraphKind {
    /// A limit that acted, its evidence, and how to change it.
    Cause,
    /// A common misconception, and what this run shows instead.
    Misconception,
}

/// A sentence of the explanation, with what it claims about which trials.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sentence {
    /// Its words. A no-break space joins words that belong on one line.
    pub text: String,
    /// Its claims, each about every one of the trials.
    pub claims: Vec<Claim>,
    /// The trials that it is about.
    pub trials: Vec<ExecutionId>,
}

impl Paragraph {
    /// Its sentences as one text.
    pub fn text(&self) -> String {
        let texts: Vec<_> = self.sentences.iter().map(|sentence| sentence.text.as_str()).collect();
        texts.join(" ")
    }
}

impl Sentence {
    /// Adds a claim that depends on the trials.
    pub(crate) fn claiming(mut self, claim: Claim) -> Self {
        self.claims.push(claim);
        self
    }
}

impl From<String> for Sentence {
    fn from(text: String) -> Self {
        Self { text, ..Self::default() }
    }
}

impl From<&str> for Sentence {
    fn from(text: &str) -> Self {
        text.to_owned().into()
    }
}
