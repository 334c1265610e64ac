//! A problem of the settings of a worker.

use std::fmt;

/// An invalid setting of a server or a load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingProblem {
    /// Name of the field of the settings.
    pub field: &'static str,
    /// What is wrong with the value, and which values are valid.
    pub reason: String,
}

impl SettingProblem {
    /// All problems in one line.
    pub fn in_one_line(problems: &[Self]) -> String {
        problems.iter().map(Self::to_string).collect::<Vec<_>>().join("; ")
    }
}

impl fmt::Display for SettingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}
