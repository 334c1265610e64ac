//! Identifies one execution of a trial.

use std::fmt;

/// Identifies one execution of a trial: its first run or one of its retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExecutionId {
    /// The trial's number in the plan.
    pub trial: u32,
    /// The number of the retry; 0 for the first run.
    pub retry: u32,
}

impl ExecutionId {
    /// The name of its files, without their extension: `00007`, `00007-retry-1`.
    pub fn file_stem(self) -> String {
        match self.retry {
            0 => format!("{:05}", self.trial),
            retry => format!("{:05}-retry-{retry}", self.trial),
        }
    }
}

/// The first run of the trial with that number.
impl From<u32> for ExecutionId {
    fn from(trial: u32) -> Self {
        Self { trial, retry: 0 }
    }
}

/// As in `trial 7` and `trial 7, retry 1`.
impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.retry {
            0 => write!(f, "{}", self.trial),
            retry => write!(f, "{}, retry {retry}", self.trial),
        }
    }
}
