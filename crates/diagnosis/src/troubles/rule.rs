//! A kind of trouble with its conditions and its words.

use watch_record::{Severity, Trouble, TroubleKind};

use super::evidence::{ListenerEvidence, NamespaceEvidence};

/// A sentence about a listener; `None` if its evidence is not there.
pub(super) type ListenerSentence = fn(&ListenerEvidence<'_>) -> Option<String>;

/// A sentence about a namespace; `None` if its evidence is not there.
pub(super) type NamespaceSentence = fn(&NamespaceEvidence<'_>) -> Option<String>;

/// A trouble that a listener can have.
pub(super) struct ListenerRule {
    pub(super) kind: TroubleKind,
    /// Its conditions.
    pub(super) needs: fn(&ListenerEvidence<'_>) -> bool,
    pub(super) severity: fn(&ListenerEvidence<'_>) -> Severity,
    /// What the evidence shows: all that it supports are said.
    pub(super) text: &'static [ListenerSentence],
    /// What would help: all that the evidence supports are said.
    pub(super) advice: &'static [ListenerSentence],
}

impl ListenerRule {
    /// The trouble, if the listener has it.
    pub(super) fn trouble(&self, evidence: &ListenerEvidence<'_>) -> Option<Trouble> {
        let said = |sentences: &[ListenerSentence]| {
            joined(sentences.iter().filter_map(|sentence| sentence(evidence)))
        };
        (self.needs)(evidence).then(|| Trouble {
            kind: self.kind,
            severity: (self.severity)(evidence),
            text: said(self.text),
            advice: said(self.advice),
        })
    }
}

/// A trouble that a namespace can have.
pub(super) struct NamespaceRule {
    pub(super) kind: TroubleKind,
    /// Its conditions.
    pub(super) needs: fn(&NamespaceEvidence<'_>) -> bool,
    pub(super) severity: fn(&NamespaceEvidence<'_>) -> Severity,
    /// As of [`ListenerRule`].
    pub(super) text: &'static [NamespaceSentence],
    /// As of [`ListenerRule`].
    pub(super) advice: &'static [NamespaceSentence],
}

impl NamespaceRule {
    /// The trouble, if the namespace has it.
    pub(super) fn trouble(&self, evidence: &NamespaceEvidence<'_>) -> Option<Trouble> {
        let said = |sentences: &[NamespaceSentence]| {
            joined(sentences.iter().filter_map(|sentence| sentence(evidence)))
        };
        (self.needs)(evidence).then(|| Trouble {
            kind: self.kind,
            severity: (self.severity)(evidence),
            text: said(self.text),
            advice: said(self.advice),
        })
    }
}

fn joined(sentences: impl Iterator<Item = String>) -> String {
    sentences.collect::<Vec<_>>().join(" ")
}
