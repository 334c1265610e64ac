//! The verdict on a metric, or on a run.

use std::fmt;

/// How a metric, or a run, compares with the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// As in the baseline: the median moved by less than the floor.
    Held,
    /// Significantly worse, by at least the floor.
    Regressed,
    /// Significantly better, by at least the floor.
    Improved,
    /// Too few trials, or a change of at least the floor that is not significant.
    Inconclusive,
    /// The baseline has nothing to compare with.
    NoBaseline,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Held => "held",
            Self::Regressed => "regressed",
            Self::Improved => "improved",
            Self::Inconclusive => "inconclusive",
            Self::NoBaseline => "no-baseline",
        })
    }
}
