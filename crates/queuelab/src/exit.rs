//! Exit codes, with the same meaning for every command.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Success, and every check held.
    Held = 0,
    /// An internal error.
    Internal = 1,
    /// Invalid usage or scenario; nothing was started.
    Usage = 2,
    /// An expectation, a law or an invariant failed.
    Failed = 3,
    /// A measured metric is worse than the baseline's, or a law predicts something else.
    Regression = 4,
    /// The backend or the machine failed, or cannot do what was requested.
    Machine = 5,
    /// There is no baseline, the comparison is inconclusive, or the baseline is out of
    /// date because a metric improved; or most trials of a run were disturbed.
    Undecided = 6,
    /// The user interrupted it.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
