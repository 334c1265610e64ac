//! Which trials run, in which order, and which at the same time.
//!
//! Pure: computed from a plan and the trials that each build has run so far.

use std::collections::{BTreeMap, HashMap};

use run_record::{RetryReason, TrialExecutions, TrialRecord};
use scenario::PlannedTrial;

/// Maximum of trials that run side by side: each has two hosts, a server and a load,
/// which wait, and a probe, which gets a part of the CPU time that one probe may use.
pub(crate) const MAX_CONCURRENT_TRIALS: usize = 16;

/// A trial, and the run that it belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScheduledTrial {
    /// The index of its run, of those that are interleaved.
    pub(crate) side: usize,
    pub(crate) planned: PlannedTrial,
}

/// Trials that start together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Batch {
    /// A single trial.
    Serial(ScheduledTrial),
    /// Several trials of one side, at most [`MAX_CONCURRENT_TRIALS`].
    SideBySide(Vec<ScheduledTrial>),
}

impl Batch {
    /// The first trial of the batch.
    pub(crate) fn first(&self) -> Option<&ScheduledTrial> {
        match self {
            Self::Serial(trial) => Some(trial),
            Self::SideBySide(trials) => trials.first(),
        }
    }
}

/// The history of a planned trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TrialHistory {
    /// How often it has been retried.
    pub(crate) retries: u32,
    /// Its executions in which a check failed.
    pub(crate) failures: u32,
    /// Why a retry may help; `None` if it cannot.
    pub(crate) reason: Option<RetryReason>,
}

/// The maximum of retries of a trial, for each reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MaxRetries {
    /// Of a trial in which a check failed.
    pub(crate) failed: u32,
    /// Of a trial that was disturbed.
    pub(crate) disturbed: u32,
}

impl TrialHistory {
    /// Whether it is retried once more.
    fn is_due(&self, max: MaxRetries) -> bool {
        // A retry follows each of its executions but the last.
        let executions = self.retries.saturating_add(1);
        match self.reason {
            None => false,
            Some(RetryReason::Failed) => self.failures <= max.failed,
            Some(RetryReason::Undecided) => executions <= max.failed.saturating_add(max.disturbed),
            Some(RetryReason::Disturbed) => {
                executions.saturating_sub(self.failures) <= max.disturbed
            }
        }
    }
}

/// The history of each planned trial, by its number.
pub(crate) type History = BTreeMap<u32, TrialHistory>;

/// The history of a run that has these trials.
pub(crate) fn history(trials: &[TrialRecord]) -> History {
    let of_trial = |tries: &TrialExecutions<'_>| {
        let history = TrialHistory {
            retries: tries.last().retry,
            failures: tries.failures(),
            reason: tries.retry_reason(),
        };
        (tries.last().id, history)
    };
    TrialExecutions::group(trials).iter().map(of_trial).collect()
}

/// The trials to run next: those that are missing; if none is, a retry of each failed or
/// disturbed one, at most `max` times. Retries come after all other trials, so that a
/// disturbance has time to pass, and never replace an earlier attempt. Empty at the end
/// of the run.
pub(crate) fn due(
    planned: &[PlannedTrial],
    history: &History,
    max: MaxRetries,
) -> Vec<PlannedTrial> {
    let missing = planned.iter().filter(|trial| !history.contains_key(&trial.id));
    let missing: Vec<_> = missing.copied().collect();
    if !missing.is_empty() {
        return missing;
    }
    let retry = |trial: &PlannedTrial| {
        let history = history.get(&trial.id).filter(|history| history.is_due(max))?;
        Some(PlannedTrial { retry: history.retries + 1, ..*trial })
    };
    let again: Vec<_> = planned.iter().filter_map(retry).collect();
    // Round by round: if an interruption prevented the first retry of a trial, it comes
    // before the second retry of others.
    let round = again.iter().map(|trial| trial.retry).min();
    again.into_iter().filter(|trial| Some(trial.retry) == round).collect()
}

/// The due trials of each side in the plan's order, a trial of one side next to the
/// same trial of the others: the state of the machine is the same for both. Which
/// side comes first alternates from one repetition of a cell to the next. Trials that
/// run side by side do so with those of their own side.
pub(crate) fn batches(
    planned: &[PlannedTrial],
    due: &[Vec<PlannedTrial>],
    side_by_side: bool,
) -> Vec<Batch> {
    let sides = due.len();
    let due: Vec<HashMap<u32, PlannedTrial>> = due
        .iter()
        .map(|trials| trials.iter().map(|&planned| (planned.id, planned)).collect())
        .collect();
    let together = if side_by_side { MAX_CONCURRENT_TRIALS } else { 1 };
    let mut order = Vec::new();
    for planned in planned.chunks(together) {
        let first = planned[0].cell + planned[0].repetition as usize;
        for step in 0..sides {
            let side = (first + step) % sides;
            let due = planned.iter().filter_map(|planned| due[side].get(&planned.id));
            order.extend(due.map(|&planned| ScheduledTrial { side, planned }));
        }
    }
    if !side_by_side {
        return order.into_iter().map(Batch::Serial).collect();
    }
    order
        .chunk_by(|one, next| one.side == next.side)
        .flat_map(|of_side| of_side.chunks(MAX_CONCURRENT_TRIALS))
        .map(|batch| Batch::SideBySide(batch.to_vec()))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::path::Path;

    use proptest::prelude::*;
    use run_record::{Disturbance, DisturbanceCause, RunDirectory};

    use super::*;

    fn planned(id: u32) -> PlannedTrial {
        PlannedTrial { id, cell: id as usize, repetition: 0, retry: 0 }
    }

    /// A trial that held, from a run stored for tests.
    fn trial(id: u32, retry: u32) -> TrialRecord {
        let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let trial = RunDirectory::read(&stored).unwrap().1.remove(0);
        TrialRecord { id, retry, ..trial }
    }

    fn failed(id: u32, retry: u32) -> TrialRecord {
        let mut trial = trial(id, retry);
        trial.laws[0].held = Some(false);
        trial
    }

    fn disturbed(id: u32, retry: u32) -> TrialRecord {
        let causes = vec![DisturbanceCause::OtherProcesses];
        let disturbance = Some(Disturbance { causes, ..Disturbance::default() });
        TrialRecord { disturbance, ..trial(id, retry) }
    }

    fn next(trials: &[TrialRecord], failed: u32) -> Vec<(u32, u32)> {
        next_of(trials, MaxRetries { failed, disturbed: 0 })
    }

    fn next_of(trials: &[TrialRecord], max: MaxRetries) -> Vec<(u32, u32)> {
        let planned: Vec<_> = [2, 0, 1].map(planned).to_vec();
        let due = due(&planned, &history(trials), max);
        due.iter().map(|trial| (trial.id, trial.retry)).collect()
    }

    #[test]
    fn failed_trials_are_retried_after_all_trials_have_run() {
        assert_eq!(next(&[], 1), [(2, 0), (0, 0), (1, 0)]);
        assert_eq!(next(&[failed(2, 0)], 1), [(0, 0), (1, 0)], "after the others");
        let all = [failed(2, 0), trial(0, 0), failed(1, 0)];
        assert_eq!(next(&all, 0), []);
        assert_eq!(next(&all, 1), [(2, 1), (1, 1)]);
    }

    #[test]
    fn a_trial_is_retried_until_it_holds_or_has_no_retries_left() {
        let mut tried = vec![failed(2, 0), trial(0, 0), failed(1, 0), trial(2, 1)];
        assert_eq!(next(&tried, 2), [(1, 1)], "as after an interruption");
        tried.push(failed(1, 1));
        assert_eq!(next(&tried, 2), [(1, 2)]);
        assert_eq!(next(&tried, 1), []);
        tried.push(failed(1, 2));
        assert_eq!(next(&tried, 2), []);
    }

    #[test]
    fn a_violated_invariant_is_not_retried() {
        let mut broken = failed(1, 0);
        broken.invariants[0].held = Some(false);
        assert_eq!(next(&[trial(0, 0), trial(2, 0), broken.clone()], 3), []);
        let tried = [broken, trial(1, 1)];
        assert!(!TrialExecutions::group(&tried)[0].held());
    }

    #[test]
    fn a_disturbed_trial_is_retried_until_it_is_undisturbed_or_has_no_retries_left() {
        let next =
            |tried: &[TrialRecord], disturbed| next_of(tried, MaxRetries { failed: 0, disturbed });
        let mut tried = vec![disturbed(2, 0), trial(0, 0), disturbed(1, 0)];
        assert_eq!(next(&tried, 0), []);
        assert_eq!(next(&tried, 2), [(2, 1), (1, 1)], "after all others");
        tried.extend([trial(2, 1), disturbed(1, 1)]);
        assert_eq!(next(&tried, 1), []);
        assert_eq!(next(&tried, 2), [(1, 2)], "one is measured now");
        tried.push(disturbed(1, 2));
        assert_eq!(next(&tried, 2), []);
        let measured = TrialExecutions::group(&tried)[2].measured().unwrap();
        assert_eq!((measured.id, measured.retry), (2, 1));
    }

    /// Each kind of retry has its own number: a busy machine does not use up the retries of a
    /// failed law, and a failed law is not retried because the machine was busy.
    #[test]
    fn a_failure_of_a_disturbed_trial_is_retried_only_as_a_failure() {
        let others = [trial(0, 0), trial(1, 0)];
        let broken = TrialRecord { disturbance: disturbed(2, 0).disturbance, ..failed(2, 0) };
        let mut tried = [&others[..], &[broken]].concat();
        let next = |tried: &[TrialRecord], failed, disturbed| {
            next_of(tried, MaxRetries { failed, disturbed })
        };
        assert_eq!(next(&tried, 0, 9), []);
        assert_eq!(next(&tried, 1, 0), [(2, 1)]);
        tried.push(disturbed(2, 1));
        assert_eq!(next(&tried, 1, 0), []);
        assert_eq!(next(&tried, 1, 1), [(2, 2)]);
        tried.push(failed(2, 2));
        assert_eq!(next(&tried, 1, 9), []);
        assert_eq!(next(&tried, 2, 1), [(2, 3)]);
    }

    /// The retry is run for the failure, and a disturbance prevents that it decides anything:
    /// both numbers count, and the failure remains.
    #[test]
    fn a_failure_that_a_disturbed_retry_does_not_decide_is_retried() {
        let undecided = |retry| {
            let mut trial = disturbed(2, retry);
            trial.laws[0].held = None;
            trial
        };
        let mut tried = vec![trial(0, 0), trial(1, 0), failed(2, 0), undecided(1)];
        let next = |tried: &[TrialRecord], failed, disturbed| {
            next_of(tried, MaxRetries { failed, disturbed })
        };
        let held = |tried: &[TrialRecord]| TrialExecutions::group(tried)[2].held();
        assert_eq!(next(&tried, 1, 0), []);
        assert_eq!(next(&tried, 1, 1), [(2, 2)]);
        assert_eq!(next(&tried, 2, 0), [(2, 2)]);
        tried.push(undecided(2));
        assert_eq!(next(&tried, 1, 1), []);
        assert!(!held(&tried));
        tried.push(trial(2, 3));
        assert_eq!(next(&tried, 9, 9), []);
        assert!(held(&tried));
    }

    /// A plan of `cells` × `repetitions`, in order.
    fn plan(cells: u32, repetitions: u32) -> Vec<PlannedTrial> {
        (0..repetitions)
            .flat_map(|repetition| {
                (0..cells).map(move |cell| PlannedTrial {
                    id: repetition * cells + cell,
                    cell: cell as usize,
                    repetition,
                    retry: 0,
                })
            })
            .collect()
    }

    fn flat(batches: &[Batch]) -> Vec<ScheduledTrial> {
        let trials = batches.iter().flat_map(|batch| match batch {
            Batch::Serial(trial) => vec![*trial],
            Batch::SideBySide(trials) => trials.clone(),
        });
        trials.collect()
    }

    #[test]
    fn two_builds_alternate_and_each_is_first_equally_often() {
        let plan = plan(1, 10);
        let order = flat(&batches(&plan, &[plan.clone(), plan.clone()], false));
        let pairs: Vec<_> = order.chunks(2).collect();
        assert!(pairs.iter().all(|pair| pair[0].planned == pair[1].planned));
        assert_eq!(pairs.iter().filter(|pair| pair[0].side == 0).count(), 5);
    }

    proptest! {
        /// Every due trial runs exactly once, a batch has at most the maximum of trials,
        /// and it belongs to one side.
        #[test]
        fn every_due_trial_is_scheduled_once(
            cells in 1u32..8,
            repetitions in 1u32..6,
            side_by_side: bool,
            done in proptest::collection::vec(any::<bool>(), 96),
        ) {
            let plan = plan(cells, repetitions);
            let mut done = done.into_iter();
            let due: Vec<Vec<PlannedTrial>> = (0..2)
                .map(|_| plan.iter().filter(|_| !done.next().unwrap_or(false)).copied().collect())
                .collect();
            let batches = batches(&plan, &due, side_by_side);
            let order = flat(&batches);
            let distinct: HashSet<_> =
                order.iter().map(|trial| (trial.side, trial.planned)).collect();
            prop_assert_eq!(distinct.len(), order.len());
            prop_assert_eq!(order.len(), due.iter().map(Vec::len).sum::<usize>());
            for batch in &batches {
                if let Batch::SideBySide(trials) = batch {
                    prop_assert!(side_by_side && trials.len() <= MAX_CONCURRENT_TRIALS);
                    prop_assert!(trials.iter().all(|trial| trial.side == trials[0].side));
                }
            }
            // Each side has the plan's order.
            for side in 0..2 {
                let of_side = order.iter().filter(|trial| trial.side == side);
                let ids: Vec<_> = of_side.map(|trial| trial.planned.id).collect();
                prop_assert!(ids.is_sorted());
            }
        }

        /// A run of any number of sessions ends: every trial holds or has had all its
        /// retries, and no attempt is run twice.
        #[test]
        fn every_trial_of_a_resumed_run_holds_or_uses_all_retries(
            trials in 1u32..10,
            retries in 0u32..4,
            failures in proptest::collection::vec(0u32..6, 10),
            cuts in proptest::collection::vec(1usize..12, 40),
        ) {
            let plan = plan(trials, 1);
            let max = MaxRetries { failed: retries, disturbed: 0 };
            let mut history = History::new();
            let mut tries = HashSet::new();
            for cut in cuts {
                for trial in due(&plan, &history, max).into_iter().take(cut) {
                    prop_assert!(tries.insert((trial.id, trial.retry)), "run twice");
                    let is_failed = trial.retry < failures[trial.id as usize];
                    let after = TrialHistory {
                        retries: trial.retry,
                        failures: trial.retry + u32::from(is_failed),
                        reason: is_failed.then_some(RetryReason::Failed),
                    };
                    history.insert(trial.id, after);
                }
            }
            prop_assert!(due(&plan, &history, max).is_empty());
            for trial in &plan {
                let expected = failures[trial.id as usize].min(retries);
                prop_assert_eq!(history[&trial.id].retries, expected);
            }
        }
    }
}
