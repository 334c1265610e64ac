//! What a verdict needs to know of one execution of a trial.

use super::checks::{CheckCounts, CheckNumber};
use crate::trial::TrialRecord;
use crate::verdict::DisturbedExecution;
use crate::violation::{CheckKind, Violation};

/// The results of one execution of a trial.
#[derive(Debug, Default)]
pub(crate) struct ExecutionResults {
    pub(super) retry: u32,
    /// The checks that failed.
    pub(super) violations: Vec<Violation>,
    /// The checks that held or failed.
    decided: Vec<CheckNumber>,
    /// What disturbed it; `None` if nothing did.
    pub(super) disturbance: Option<DisturbedExecution>,
}

impl ExecutionResults {
    /// The results of an execution, whose checks must have been counted.
    pub(crate) fn new(trial: &TrialRecord, checks: &CheckCounts) -> Self {
        let disturbance = trial.disturbance.as_ref().filter(|it| it.is_disturbed());
        Self {
            retry: trial.retry,
            violations: trial.violations().collect(),
            decided: checks.decided_by(trial),
            disturbance: disturbance.map(|disturbance| DisturbedExecution {
                retry: trial.retry,
                causes: disturbance.causes.clone(),
                description: disturbance.describe(),
            }),
        }
    }

    /// Whether each check held in the last execution that decided it, and none violated an
    /// invariant. A retry does not excuse a violated invariant: the measurement was invalid,
    /// and so may be the next. A retry that was too disturbed to decide a check does not
    /// excuse its failure.
    pub(crate) fn held(executions: &[Self], checks: &CheckCounts) -> bool {
        let is_excused = |number: usize, violation: &Violation| {
            let check = checks.number(violation.kind, &violation.name);
            let later = &executions[number + 1..];
            let decides = |later: &Self| check.is_some_and(|it| later.decided.contains(&it));
            violation.kind != CheckKind::Invariant && later.iter().any(decides)
        };
        executions.iter().enumerate().all(|(number, execution)| {
            execution.violations.iter().all(|violation| is_excused(number, violation))
        })
    }
}
