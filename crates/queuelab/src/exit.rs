//! Exit codes: one meaning each, the same for every command.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything asked was done, and everything checked held.
    Held = 0,
    /// An internal error.
    Internal = 1,
    /// Wrong usage, or an invalid scenario; nothing was started.
    Usage = 2,
    /// An expectation, a law or an invariant failed.
    Failed = 3,
    /// A measured metric is worse than the baseline's, or a law predicts something else.
    Regression = 4,
    /// The backend or the machine failed, or cannot do what was asked.
    Machine = 5,
    /// There is no baseline, the comparison is inconclusive, or the baseline is out of
    /// date because a metric improved.
    NoBaseline = 6,
    /// The user interrupted it.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
