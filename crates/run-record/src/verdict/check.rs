//! Checks by name, and their violations.

use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::TrialRecord;

/// Where a check comes from.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum CheckKind {
    /// Holds in every trial of every scenario.
    Invariant,
    /// Predicted by the kernel's rules.
    Law,
    /// Stated by the scenario.
    Expectation,
}

impl CheckKind {
    /// Its name: `invariant`, `law` or `expectation`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Invariant => "invariant",
            Self::Law => "law",
            Self::Expectation => "expectation",
        }
    }
}

impl fmt::Display for CheckKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A check that failed in one try of a trial, or over the run as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Violation {
    /// Where the check comes from.
    pub kind: CheckKind,
    /// The check's name.
    pub name: String,
    /// The figures behind it.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`: {}", self.kind, self.name, self.detail)
    }
}

/// How often a check held in the tries of all trials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckVerdict {
    /// Where the check comes from.
    pub kind: CheckKind,
    /// The check's name.
    pub name: String,
    /// Tries in which it held.
    pub held: u64,
    /// Tries in which it failed.
    pub failed: u64,
    /// Tries in which it did not apply.
    pub not_applied: u64,
}

impl CheckVerdict {
    /// Tries in which it was decided.
    pub fn decided(&self) -> u64 {
        self.held + self.failed
    }

    /// Every check of these trials: invariants, laws, expectations, each in the
    /// order in which they first appear.
    pub(super) fn of_trials(trials: &[TrialRecord]) -> Vec<Self> {
        let mut counts: IndexMap<(CheckKind, &str), [u64; 3]> = IndexMap::new();
        for trial in trials {
            let laws = trial.laws.iter().map(|law| (CheckKind::Law, &law.title, law.held));
            let not_applied =
                trial.laws_not_applied.iter().map(|law| (CheckKind::Law, &law.title, None));
            let invariants = trial.invariants.iter().map(|check| (CheckKind::Invariant, check));
            let expectations =
                trial.expectations.iter().map(|check| (CheckKind::Expectation, check));
            let checks = invariants.chain(expectations);
            let checks = checks.map(|(kind, check)| (kind, &check.name, check.held));
            for (kind, name, held) in checks.chain(laws).chain(not_applied) {
                let place = match held {
                    Some(true) => 0,
                    Some(false) => 1,
                    None => 2,
                };
                counts.entry((kind, name)).or_default()[place] += 1;
            }
        }
        let mut checks: Vec<_> = counts
            .into_iter()
            .map(|((kind, name), [held, failed, not_applied])| Self {
                kind,
                name: name.to_owned(),
                held,
                failed,
                not_applied,
            })
            .collect();
        checks.sort_by_key(|check| check.kind);
        checks
    }
}
