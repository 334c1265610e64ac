//! The rules of the listen path that differ between kernels.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use crate::syn_queue::SynQueueFull;

/// The kernels whose listen path follows the same rules.
///
/// Stable kernels adopt such changes too, so a version number does not determine the rule
/// set: test the kernel that is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RuleSet {
    /// Since commit 3479c7549fb1 of January 2025, and stable kernels with it: a SYN queue
    /// is full when it is longer than its limit.
    #[default]
    Since2025,
    /// From Linux 4.10 to that commit: a SYN queue is full when it is as long as its limit.
    /// Since 4.10, a full accept queue drops new SYNs (`tcp_conn_request`).
    Until2024,
}

impl RuleSet {
    /// All of them, newest first.
    pub const ALL: [Self; 2] = [Self::Since2025, Self::Until2024];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Since2025 => "since-2025-01",
            Self::Until2024 => "4.10-to-2024",
        }
    }

    /// When its kernels consider a SYN queue full.
    pub const fn syn_queue_full(self) -> SynQueueFull {
        match self {
            Self::Since2025 => SynQueueFull::Above,
            Self::Until2024 => SynQueueFull::AtOrAbove,
        }
    }
}

impl From<SynQueueFull> for RuleSet {
    fn from(rule: SynQueueFull) -> Self {
        match rule {
            SynQueueFull::Above => Self::Since2025,
            SynQueueFull::AtOrAbove => Self::Until2024,
        }
    }
}

impl fmt::Display for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text is not the name of a [`RuleSet`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleSetError {
    /// The rules of older kernels.
    NotModelled(String),
    /// A version number.
    Version(String),
    /// Anything else.
    Unknown(String),
}

impl fmt::Display for RuleSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [since, until] = RuleSet::ALL.map(RuleSet::name);
        match self {
            Self::NotModelled(text) => write!(
                f,
                "the rules of `{text}` are not modelled: before Linux 4.10, a full accept queue \
                 dropped a new SYN only if other connections were new too, and in still older \
                 kernels the SYN queue was a table whose size is a power of two"
            ),
            Self::Version(text) => write!(
                f,
                "the version `{text}` does not determine the rules, because stable kernels adopt \
                 changes: use `{since}`, `{until}`, or a file from the machine"
            ),
            Self::Unknown(text) => write!(f, "`{text}` is not `{since}` or `{until}`"),
        }
    }
}

impl Error for RuleSetError {}

impl FromStr for RuleSet {
    type Err = RuleSetError;

    fn from_str(text: &str) -> Result<Self, RuleSetError> {
        if let Some(rules) = Self::ALL.into_iter().find(|rules| rules.name() == text) {
            return Ok(rules);
        }
        let number = text.strip_prefix("before-").unwrap_or(text);
        let mut parts = number.split(['.', '-']).map(str::parse::<u32>);
        let version = match (parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
            _ => None,
        };
        Err(match version {
            Some(version) if version < (4, 10) => RuleSetError::NotModelled(text.to_owned()),
            Some((4, 10)) if number != text => RuleSetError::NotModelled(text.to_owned()),
            Some(_) => RuleSetError::Version(text.to_owned()),
            None => RuleSetError::Unknown(text.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for rules in RuleSet::ALL {
            assert_eq!(rules.name().parse(), Ok(rules));
            assert_eq!(RuleSet::from(rules.syn_queue_full()), rules);
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        for (text, reason) in [
            ("before-4.10", "not modelled"),
            ("3.10", "not modelled"),
            ("4.9.337", "not modelled"),
            ("5.15", "does not determine"),
            ("6.18.44-generic", "does not determine"),
            ("newest", "is not `since-2025-01`"),
            ("", "is not `since-2025-01`"),
        ] {
            let error = text.parse::<RuleSet>().expect_err(text).to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
