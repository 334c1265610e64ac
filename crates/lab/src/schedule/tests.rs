//! Tests of the schedule.

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
    let next =
        |tried: &[TrialRecord], failed, disturbed| next_of(tried, MaxRetries { failed, disturbed });
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
    let next =
        |tried: &[TrialRecord], failed, disturbed| next_of(tried, MaxRetries { failed, disturbed });
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
