//! Which trials are run again.

use run_record::{TrialRecord, Tries};
use scenario::PlannedTrial;

/// What is to be run next: the trials of the plan that have not been run yet;
/// when all have, those that did not hold, each once more. They come after all
/// the others, so that whatever disturbed a trial has had time to go; and no try
/// takes the place of one before. Nothing, when a run is at its end.
pub(crate) fn due(
    planned: &[PlannedTrial],
    trials: &[TrialRecord],
    retries: u32,
) -> Vec<PlannedTrial> {
    let tries = Tries::of(trials);
    let of = |trial: &PlannedTrial| {
        let found = tries.binary_search_by_key(&trial.id, |tries| tries.last().id);
        found.ok().map(|index| &tries[index])
    };
    let missing: Vec<_> = planned.iter().filter(|trial| of(trial).is_none()).copied().collect();
    if !missing.is_empty() {
        return missing;
    }
    let again = |trial: &PlannedTrial| {
        let tries = of(trial).filter(|tries| tries.may_be_retried())?;
        let retry = tries.last().retry + 1;
        (retry <= retries).then_some(PlannedTrial { retry, ..*trial })
    };
    let again: Vec<_> = planned.iter().filter_map(again).collect();
    // Those of the same time together: one that an interruption kept from its
    // second try has it before others have their third.
    let next = again.iter().map(|trial| trial.retry).min();
    again.into_iter().filter(|trial| Some(trial.retry) == next).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use run_record::RunDirectory;

    use super::*;

    fn planned(id: u32) -> PlannedTrial {
        PlannedTrial { id, cell: id as usize, repetition: 0, retry: 0 }
    }

    /// A trial that held, from a run that is kept for tests.
    fn trial(id: u32, retry: u32) -> TrialRecord {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let trial = RunDirectory::read(&kept).unwrap().1.remove(0);
        TrialRecord { id, retry, ..trial }
    }

    fn failed(id: u32, retry: u32) -> TrialRecord {
        let mut trial = trial(id, retry);
        trial.laws[0].held = Some(false);
        trial
    }

    fn next(trials: &[TrialRecord], retries: u32) -> Vec<(u32, u32)> {
        let planned: Vec<_> = [2, 0, 1].map(planned).to_vec();
        due(&planned, trials, retries).iter().map(|trial| (trial.id, trial.retry)).collect()
    }

    #[test]
    fn what_did_not_hold_is_run_again_when_all_have_been_run() {
        assert_eq!(next(&[], 1), [(2, 0), (0, 0), (1, 0)]);
        assert_eq!(next(&[failed(2, 0)], 1), [(0, 0), (1, 0)], "after the others");
        let all = [failed(2, 0), trial(0, 0), failed(1, 0)];
        assert_eq!(next(&all, 0), []);
        assert_eq!(next(&all, 1), [(2, 1), (1, 1)]);
    }

    #[test]
    fn a_trial_is_run_again_until_it_holds_or_has_had_its_tries() {
        let mut tried = vec![failed(2, 0), trial(0, 0), failed(1, 0), trial(2, 1)];
        assert_eq!(next(&tried, 2), [(1, 1)], "as after an interruption");
        tried.push(failed(1, 1));
        assert_eq!(next(&tried, 2), [(1, 2)]);
        assert_eq!(next(&tried, 1), []);
        tried.push(failed(1, 2));
        assert_eq!(next(&tried, 2), []);
    }

    #[test]
    fn no_try_makes_a_breach_of_an_invariant_good() {
        let mut broken = failed(1, 0);
        broken.invariants[0].held = Some(false);
        assert_eq!(next(&[trial(0, 0), trial(2, 0), broken.clone()], 3), []);
        let tried = [broken, trial(1, 1)];
        assert!(!Tries::of(&tried)[0].held() && !run_record::all_held(&tried));
    }
}
