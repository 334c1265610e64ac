//! The planned trials of a run, whose executions are added one after the other.

use std::collections::BTreeMap;

use super::checks::CheckCounts;
use super::matrix::Matrix;
use super::results::ExecutionResults;
use crate::trial::TrialRecord;
use crate::verdict::{DisturbedTrial, ExecutionVerdict, TrialVerdict, Verdict};

/// The planned trials that were run, by number.
#[derive(Debug, Default)]
pub(super) struct Trials(BTreeMap<u32, PlannedTrial>);

/// A planned trial. Most are run once, hold and are not disturbed: a large run keeps only
/// their cell.
#[derive(Debug)]
struct PlannedTrial {
    cell: Option<u32>,
    /// `None` for a trial as described.
    executions: Option<Box<Executions>>,
}

/// The executions of a trial.
#[derive(Debug)]
struct Executions {
    /// The place of the trial in the matrix, as text.
    place: String,
    /// In the order of their retries.
    results: Vec<ExecutionResults>,
}

impl Trials {
    /// Adds an execution, whose checks must have been counted.
    pub(super) fn add(&mut self, trial: &TrialRecord, matrix: &Matrix, checks: &CheckCounts) {
        let is_first = trial.retry == 0 && !self.0.contains_key(&trial.id);
        let planned = self
            .0
            .entry(trial.id)
            .or_insert_with(|| PlannedTrial { cell: matrix.cell_of(trial), executions: None });
        if is_first && trial.held() && !trial.is_disturbed() {
            return;
        }
        let executions = planned.executions.get_or_insert_with(|| {
            let held_at_once = (!is_first).then(ExecutionResults::default);
            let (place, results) = (matrix.place_of(trial), held_at_once.into_iter().collect());
            Box::new(Executions { place, results })
        });
        executions.results.push(ExecutionResults::new(trial, checks));
        executions.results.sort_by_key(|execution| execution.retry);
    }

    /// The number of planned trials that were run.
    pub(super) fn count(&self) -> u32 {
        self.0.len() as u32
    }

    /// The first planned trials that were not run, by number.
    pub(super) fn missing(&self, planned: u32, max: usize) -> Vec<u32> {
        (0..planned).filter(|trial| !self.0.contains_key(trial)).take(max).collect()
    }

    /// The cell of each planned trial that was run and is in the matrix.
    pub(super) fn cells(&self) -> impl Iterator<Item = u32> {
        self.0.values().filter_map(|trial| trial.cell)
    }

    /// The trials of which an execution did not hold, by number.
    pub(super) fn unheld(&self, checks: &CheckCounts) -> Vec<TrialVerdict> {
        let judge = |(number, cell, executions): (u32, Option<u32>, &Executions)| {
            let results = &executions.results;
            let unheld = results.iter().any(|execution| !execution.violations.is_empty());
            let verdict = match ExecutionResults::held(results, checks) {
                true => Verdict::HeldOnRetry,
                false => Verdict::Failed,
            };
            let of_execution = |execution: &ExecutionResults| ExecutionVerdict {
                retry: execution.retry,
                violations: execution.violations.clone(),
            };
            unheld.then(|| TrialVerdict {
                trial: number,
                cell,
                place: executions.place.clone(),
                verdict,
                executions: results.iter().map(of_execution).collect(),
            })
        };
        self.with_executions().filter_map(judge).collect()
    }

    /// The trials with a disturbed execution, by number.
    pub(super) fn disturbed(&self) -> Vec<DisturbedTrial> {
        let of_trial = |(number, cell, executions): (u32, Option<u32>, &Executions)| {
            let disturbed = executions.results.iter().filter_map(|it| it.disturbance.clone());
            let disturbed: Vec<_> = disturbed.collect();
            (!disturbed.is_empty()).then(|| DisturbedTrial {
                trial: number,
                cell,
                place: executions.place.clone(),
                is_measured: disturbed.len() < executions.results.len(),
                executions: disturbed,
            })
        };
        self.with_executions().filter_map(of_trial).collect()
    }

    fn with_executions(&self) -> impl Iterator<Item = (u32, Option<u32>, &Executions)> {
        let trials = self.0.iter();
        trials
            .filter_map(|(number, trial)| Some((*number, trial.cell, trial.executions.as_deref()?)))
    }
}
