//! A sentence with its conditions, and the causes and misconceptions that consist of them.

use crate::claim::Claim;
use crate::paragraph::Sentence;
use crate::trials::TrialSet;
use run_view::TrialView;

/// A sentence with its conditions and claims.
///
/// It is about the trials whose settings in force and evidence satisfy `needs`, and silent
/// if there are none.
#[derive(Clone, Copy)]
pub(crate) struct Statement {
    /// Its conditions.
    pub(crate) needs: fn(&TrialView<'_>) -> bool,
    /// What it claims about each trial that it is about.
    pub(crate) claims: &'static [Claim],
    /// Its words, for the trials that it is about and all trials of the run; `None` if a
    /// number that it needs is not recorded.
    pub(crate) text: fn(&TrialSet<'_>, &TrialSet<'_>) -> Option<Sentence>,
}

impl Statement {
    /// The sentence; `None` if no trial satisfies its conditions.
    pub(crate) fn sentence(&self, all: &TrialSet<'_>) -> Option<Sentence> {
        let about = all.filter_some(self.needs)?;
        let mut sentence = (self.text)(&about, all)?;
        sentence.claims.extend(self.claims);
        sentence.trials = about.executions();
        Some(sentence)
    }
}

/// A cause: it acted if one of its leads holds.
#[derive(Clone, Copy)]
pub(crate) struct Cause {
    /// Its name in one sentence: the first that holds is used.
    pub(crate) leads: &'static [Statement],
    /// Its evidence, and what would change it.
    pub(crate) statements: &'static [Statement],
}
