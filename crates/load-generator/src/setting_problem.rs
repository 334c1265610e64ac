//! A problem of a load's settings.

use std::fmt;

/// An invalid setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingProblem {
    /// Name of the setting in [`LoadSettings`](crate::LoadSettings).
    pub field: &'static str,
    /// What is wrong with the value, and which values are valid.
    pub reason: String,
}

impl fmt::Display for SettingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}
