//! Counts how often each check held.

use indexmap::IndexMap;

use crate::trial::TrialRecord;
use crate::verdict::CheckVerdict;
use crate::violation::CheckKind;

/// Every check of these trials: invariants, laws, expectations, each in the
/// order in which they first appear.
pub(super) fn count_checks(trials: &[TrialRecord]) -> Vec<CheckVerdict> {
    let mut counts: IndexMap<(CheckKind, &str), [u64; 3]> = IndexMap::new();
    for trial in trials {
        let laws = trial.laws.iter().map(|law| (CheckKind::Law, &law.title, law.held));
        let not_applied =
            trial.laws_not_applied.iter().map(|law| (CheckKind::Law, &law.title, None));
        let invariants = trial.invariants.iter().map(|check| (CheckKind::Invariant, check));
        let expectations = trial.expectations.iter().map(|check| (CheckKind::Expectation, check));
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
        .map(|((kind, name), [held, failed, not_applied])| CheckVerdict {
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
