//! Exit codes: one meaning each, the same for every command.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything asked was done, and everything checked held.
    Held = 0,
    /// A fault of queuelab itself.
    Internal = 1,
    /// Wrong usage, or an invalid scenario; nothing was started.
    Usage = 2,
    /// An expectation, a law or an invariant failed.
    Failed = 3,
    /// The backend or the machine failed, or cannot do what was asked.
    Machine = 5,
    /// The user ended it.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
