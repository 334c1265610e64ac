//! Computes the verdict on a run from its record and its trials.

mod checks;
mod disturbance;
mod disturbed;
mod matrix;
mod trials;

use std::collections::HashSet;

pub use disturbance::DisturbanceThresholds;
use disturbed::{are_most, disturbed_trials};
use matrix::Matrix;

use crate::agreement::Agreement;
use crate::run::RunRecord;
use crate::trial::TrialRecord;
use crate::trial_executions::TrialExecutions;
use crate::verdict::{RunVerdict, Verdict};
use crate::violation::{CheckKind, Violation};

impl RunVerdict {
    /// Computes the verdict on a run with these trials.
    pub fn new(record: &RunRecord, trials: &[TrialRecord]) -> Self {
        let matrix = Matrix::new(record);
        let checks = checks::count_checks(trials);
        let agreements = Agreement::by_design(trials);
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
        let executions = TrialExecutions::group(trials);
        let unheld: Vec<_> = executions
            .iter()
            .filter(|executions| executions.all().iter().any(|trial| !trial.held()))
            .map(|executions| {
                let first = executions.first();
                trials::judge_trial(executions, matrix.cell_of(first), matrix.place_of(first))
            })
            .collect();
        let checked = run_checks > 0 || checks.iter().any(|check| check.decided() > 0);
        let disturbed = disturbed_trials(&matrix, &executions);
        let unmeasured = disturbed.iter().filter(|trial| !trial.is_measured).count() as u32;
        let cells =
            matrix.verdicts(record.planned_trials, &executions, &unheld, &disturbed, checked);
        let (planned, ran) = (record.planned_trials, executions.len() as u32);
        let failed = !run_violations.is_empty()
            || unheld.iter().any(|trial| trial.verdict == Verdict::Failed);
        let verdict = if failed {
            Verdict::Failed
        } else if ran < planned || record.ended.is_none() {
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
        Self {
            verdict,
            planned,
            trials: ran,
            missing_trials: missing_trials(planned, &executions),
            ended: record.ended.is_some(),
            checks,
            run_checks: run_checks as u64,
            run_violations,
            cells,
            unheld,
            disturbed,
        }
    }

    /// Whether it can be the verdict on a run with these trials: it counts the same trials
    /// and the same results of their checks.
    pub(crate) fn is_on(&self, planned_trials: u32, trials: &[TrialRecord]) -> bool {
        let ran: HashSet<u32> = trials.iter().map(|trial| trial.id).collect();
        (self.planned, self.trials as usize) == (planned_trials, ran.len())
            && self.checks == checks::count_checks(trials)
    }
}

/// The most missing trials that a verdict names.
const MAX_MISSING: usize = 10;

fn missing_trials(planned: u32, executions: &[TrialExecutions<'_>]) -> Vec<u32> {
    let ran: HashSet<u32> = executions.iter().map(|trial| trial.first().id).collect();
    (0..planned).filter(|trial| !ran.contains(trial)).take(MAX_MISSING).collect()
}
