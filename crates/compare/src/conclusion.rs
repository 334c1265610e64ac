//! How a comparison ends.

use std::fmt;

use crate::verdict::Verdict;

/// How a comparison ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conclusion {
    /// A check failed in the new run, regardless of the baseline.
    Failed,
    /// No check failed in the new run; this is the verdict against the baseline.
    Judged(Verdict),
}

impl Conclusion {
    /// The worst of several; no baseline if there are none.
    pub(crate) fn worst(all: impl IntoIterator<Item = Self>) -> Self {
        let worst = all.into_iter().min_by_key(|conclusion| conclusion.rank());
        worst.unwrap_or(Self::Judged(Verdict::NoBaseline))
    }

    /// The sort key that puts the worst first.
    pub(crate) fn rank(self) -> usize {
        use Verdict::{Held, Improved, Inconclusive, NoBaseline, Regressed};
        match self {
            Self::Failed => 0,
            Self::Judged(Regressed) => 1,
            Self::Judged(NoBaseline) => 2,
            Self::Judged(Inconclusive) => 3,
            Self::Judged(Improved) => 4,
            Self::Judged(Held) => 5,
        }
    }
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed => f.pad("failed"),
            Self::Judged(verdict) => verdict.fmt(f),
        }
    }
}
