//! Counts how often each check held.

use indexmap::IndexMap;

use crate::execution_id::ExecutionId;
use crate::trial::TrialRecord;
use crate::verdict::{CheckVerdict, RunVerdict};
use crate::violation::CheckKind;

/// The kinds, in the order of a verdict.
const KINDS: [CheckKind; 3] = [CheckKind::Invariant, CheckKind::Law, CheckKind::Expectation];

/// How often each check held, in trials that are counted one after the other.
#[derive(Debug, Default)]
pub(crate) struct CheckCounts([IndexMap<String, Count>; KINDS.len()]);

/// A check among those that were counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CheckNumber(CheckKind, u32);

#[derive(Debug)]
struct Count {
    held: u64,
    failed: u64,
    not_applied: u64,
    /// The first execution with this check, and its position there.
    first: (ExecutionId, usize),
}

impl CheckCounts {
    /// Counts the checks of an execution.
    pub(crate) fn add(&mut self, trial: &TrialRecord) {
        let id = trial.execution_id();
        for kind in KINDS {
            let counts = &mut self.0[kind as usize];
            each_check(trial, kind, |position, name, held| {
                // Most names are known: no copy of them.
                let number = counts.get_index_of(name).unwrap_or_else(|| {
                    let first = (id, position);
                    let count = Count { held: 0, failed: 0, not_applied: 0, first };
                    counts.insert_full(name.to_owned(), count).0
                });
                let count = &mut counts[number];
                count.first = count.first.min((id, position));
                match held {
                    Some(true) => count.held += 1,
                    Some(false) => count.failed += 1,
                    None => count.not_applied += 1,
                }
            });
        }
    }

    /// The checks that an execution decided: they held or failed. It must have been counted.
    pub(crate) fn decided_by(&self, trial: &TrialRecord) -> Vec<CheckNumber> {
        let mut decided = Vec::new();
        for kind in KINDS {
            each_check(trial, kind, |_, name, held| {
                decided.extend(held.and_then(|_| self.number(kind, name)));
            });
        }
        decided
    }

    /// The check with this name; `None` if it was not counted.
    pub(crate) fn number(&self, kind: CheckKind, name: &str) -> Option<CheckNumber> {
        let number = self.0[kind as usize].get_index_of(name)?;
        Some(CheckNumber(kind, number as u32))
    }

    /// Whether any check was decided.
    pub(crate) fn any_decided(&self) -> bool {
        self.0.iter().flat_map(IndexMap::values).any(|count| count.held + count.failed > 0)
    }

    /// Whether a verdict counts the same checks with the same results, in any order.
    pub(crate) fn are_those_of(&self, verdict: &RunVerdict) -> bool {
        let is_same = |check: &CheckVerdict| {
            self.0[check.kind as usize].get(&check.name).is_some_and(|count| {
                (count.held, count.failed, count.not_applied)
                    == (check.held, check.failed, check.not_applied)
            })
        };
        let counted: usize = self.0.iter().map(IndexMap::len).sum();
        verdict.checks.len() == counted && verdict.checks.iter().all(is_same)
    }

    /// Every check: invariants, laws, expectations, each in the order in which they first
    /// appear in the trials by number.
    pub(crate) fn verdicts(&self) -> Vec<CheckVerdict> {
        let mut verdicts = Vec::new();
        for (kind, counts) in KINDS.into_iter().zip(&self.0) {
            let mut counts: Vec<_> = counts.iter().collect();
            counts.sort_by_key(|(_, count)| count.first);
            verdicts.extend(counts.into_iter().map(|(name, count)| CheckVerdict {
                kind,
                name: name.clone(),
                held: count.held,
                failed: count.failed,
                not_applied: count.not_applied,
            }));
        }
        verdicts
    }
}

/// Calls `each` with the position, the name and the result of every check of this kind.
fn each_check(
    trial: &TrialRecord,
    kind: CheckKind,
    mut each: impl FnMut(usize, &str, Option<bool>),
) {
    let checks = match kind {
        CheckKind::Invariant => &trial.invariants,
        CheckKind::Expectation => &trial.expectations,
        CheckKind::Law => {
            let laws = trial.laws.iter().map(|law| (&law.title, law.held));
            let not_applied = trial.laws_not_applied.iter().map(|law| (&law.title, None));
            let laws = laws.chain(not_applied).enumerate();
            return laws.for_each(|(position, (title, held))| each(position, title, held));
        }
    };
    for (position, check) in checks.iter().enumerate() {
        each(position, &check.name, check.held);
    }
}
