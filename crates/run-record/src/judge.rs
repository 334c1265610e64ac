//! Computes the verdict on a run from its record and its trials.

mod checks;
mod disturbance;
mod matrix;
mod results;
mod trials;

pub(crate) use checks::CheckCounts;
pub use disturbance::DisturbanceThresholds;
use matrix::Matrix;
pub(crate) use results::ExecutionResults;
use trials::Trials;

use crate::agreement::{Agreement, Agreements};
use crate::run::RunRecord;
use crate::trial::TrialRecord;
use crate::verdict::{RunVerdict, Verdict};
use crate::violation::{CheckKind, Violation};

/// The most missing trials that a verdict names.
const MAX_MISSING: usize = 10;

impl RunVerdict {
    /// Computes the verdict on a run with these trials.
    pub fn new<'a>(record: &RunRecord, trials: impl IntoIterator<Item = &'a TrialRecord>) -> Self {
        let mut judge = Judge::new(record);
        trials.into_iter().for_each(|trial| judge.add(trial));
        judge.verdict(record.ended.is_some())
    }
}

/// Judges a run whose trials are added one after the other. It keeps little of a trial that
/// held at once and was not disturbed, so that it has room for any number of them.
#[derive(Debug)]
pub struct Judge {
    matrix: Matrix,
    planned_trials: u32,
    checks: CheckCounts,
    agreements: Agreements,
    trials: Trials,
}

impl Judge {
    /// The judge of a run with this matrix and without trials so far.
    pub fn new(record: &RunRecord) -> Self {
        Self {
            matrix: Matrix::new(record),
            planned_trials: record.planned_trials,
            checks: CheckCounts::default(),
            agreements: Agreements::default(),
            trials: Trials::default(),
        }
    }

    /// Adds an execution of a trial, in any order.
    pub fn add(&mut self, trial: &TrialRecord) {
        self.checks.add(trial);
        self.agreements.add(trial);
        self.trials.add(trial, &self.matrix, &self.checks);
    }

    /// Whether this can be the verdict on the trials: it counts the same trials and the same
    /// results of their checks.
    pub(crate) fn confirms(&self, verdict: &RunVerdict) -> bool {
        (verdict.planned, verdict.trials) == (self.planned_trials, self.trials.count())
            && self.checks.are_those_of(verdict)
    }

    /// How well the simulator agrees with the trials of each design so far.
    pub fn agreements(&self) -> Vec<Agreement> {
        self.agreements.list()
    }

    /// The verdict on the run with the trials so far. `ended` is whether the run has ended.
    pub fn verdict(&self, ended: bool) -> RunVerdict {
        let Self { matrix, planned_trials, checks, trials, .. } = self;
        let planned = *planned_trials;
        let agreements = self.agreements();
        let run_checks = agreements.iter().filter(|agreement| agreement.held().is_some()).count();
        let run_violations: Vec<_> = agreements
            .iter()
            .filter(|agreement| agreement.held() == Some(false))
            .map(|agreement| Violation {
                kind: CheckKind::Law,
                name: Agreement::LAW.to_owned(),
                detail: agreement.describe(),
            })
            .collect();
        let (unheld, disturbed) = (trials.unheld(checks), trials.disturbed());
        let unmeasured = disturbed.iter().filter(|trial| !trial.is_measured).count() as u32;
        let checked = run_checks > 0 || checks.any_decided();
        let ran = trials.count();
        let cells = matrix.verdicts(planned, trials.cells(), &unheld, &disturbed, checked);
        let failed = !run_violations.is_empty()
            || unheld.iter().any(|trial| trial.verdict == Verdict::Failed);
        let verdict = if failed {
            Verdict::Failed
        } else if ran < planned || !ended {
            Verdict::Incomplete
        } else if are_most(unmeasured, ran) {
            Verdict::Inconclusive
        } else if !unheld.is_empty() {
            Verdict::HeldOnRetry
        } else if checked {
            Verdict::Held
        } else {
            Verdict::NotChecked
        };
        RunVerdict {
            verdict,
            planned,
            trials: ran,
            missing_trials: trials.missing(planned, MAX_MISSING),
            ended,
            checks: checks.verdicts(),
            run_checks: run_checks as u64,
            run_violations,
            cells,
            unheld,
            disturbed,
        }
    }
}

/// Whether most of some trials were disturbed: more than half.
fn are_most(disturbed: u32, trials: u32) -> bool {
    u64::from(disturbed) * 2 > u64::from(trials)
}
