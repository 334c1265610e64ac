//! A planned trial with all its tries: the first, and those that ran again
//! because it had not held.

use std::collections::BTreeMap;
use std::fmt;

use crate::TrialRecord;

/// What tells one try of one trial from every other of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TryId {
    /// The trial's number in the plan.
    pub trial: u32,
    /// Which time it was run again; 0 the first time.
    pub retry: u32,
}

impl TryId {
    /// The name of its files, without their ending: `00007`, `00007-retry-1`.
    pub fn file_stem(self) -> String {
        match self.retry {
            0 => format!("{:05}", self.trial),
            retry => format!("{:05}-retry-{retry}", self.trial),
        }
    }
}

/// The first try of the trial with that number.
impl From<u32> for TryId {
    fn from(trial: u32) -> Self {
        Self { trial, retry: 0 }
    }
}

/// As in `trial 7` and `trial 7, retry 1`.
impl fmt::Display for TryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.retry {
            0 => write!(f, "{}", self.trial),
            retry => write!(f, "{}, retry {retry}", self.trial),
        }
    }
}

/// A planned trial: every try of it, in their order.
#[derive(Debug, Clone)]
pub struct Tries<'a> {
    tries: Vec<&'a TrialRecord>,
}

impl<'a> Tries<'a> {
    /// Of each planned trial that was run, by number.
    pub fn of(trials: impl IntoIterator<Item = &'a TrialRecord>) -> Vec<Self> {
        let mut by_number: BTreeMap<u32, Vec<&TrialRecord>> = BTreeMap::new();
        for trial in trials {
            by_number.entry(trial.id).or_default().push(trial);
        }
        let in_order = |mut tries: Vec<&'a TrialRecord>| {
            tries.sort_by_key(|trial| trial.retry);
            Self { tries }
        };
        by_number.into_values().map(in_order).collect()
    }

    /// All of them, in their order; never none.
    pub fn all(&self) -> &[&'a TrialRecord] {
        &self.tries
    }

    /// The first of them: what was found before anything was known to fail.
    pub fn first(&self) -> &'a TrialRecord {
        self.tries[0]
    }

    /// The last of them.
    pub fn last(&self) -> &'a TrialRecord {
        self.tries[self.tries.len() - 1]
    }

    /// Whether its last try held. A breach of an invariant in any of them is not
    /// made good by another: then what was measured is no measurement, and the
    /// next one may be none either.
    pub fn held(&self) -> bool {
        self.last().held() && !self.breaks_invariant()
    }

    /// Whether it held only when it was run again.
    pub fn is_flaky(&self) -> bool {
        self.tries.len() > 1 && self.held()
    }

    /// Whether it is worth another try: a law or an expectation failed in the
    /// last one, and no invariant in any.
    pub fn may_be_retried(&self) -> bool {
        !self.last().held() && !self.breaks_invariant()
    }

    fn breaks_invariant(&self) -> bool {
        let mut checks = self.tries.iter().flat_map(|trial| &trial.invariants);
        checks.any(|check| check.held == Some(false))
    }
}
