//! Checks by name.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::CheckKind;
use crate::TrialRecord;

/// How often a check held in all executions of all trials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckVerdict {
    /// Where the check comes from.
    pub kind: CheckKind,
    /// The check's name.
    pub name: String,
    /// Executions in which it held.
    pub held: u64,
    /// Executions in which it failed.
    pub failed: u64,
    /// Executions in which it did not apply.
    pub not_applied: u64,
}

impl CheckVerdict {
    /// Executions in which it was decided.
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
