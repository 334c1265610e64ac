//! Which trials of a run were disturbed.

use super::matrix::Matrix;
use crate::trial_executions::TrialExecutions;
use crate::verdict::{DisturbedExecution, DisturbedTrial};

/// The trials with a disturbed execution, by number.
pub(super) fn disturbed_trials(
    matrix: &Matrix<'_>,
    executions: &[TrialExecutions<'_>],
) -> Vec<DisturbedTrial> {
    let of_trial = |trial: &TrialExecutions<'_>| {
        let disturbed = trial.all().iter().filter_map(|execution| {
            let disturbance = execution.disturbance.as_ref().filter(|it| it.is_disturbed())?;
            Some(DisturbedExecution {
                retry: execution.retry,
                causes: disturbance.causes.clone(),
                description: disturbance.describe(),
            })
        });
        let executions: Vec<_> = disturbed.collect();
        let first = trial.first();
        (!executions.is_empty()).then(|| DisturbedTrial {
            trial: first.id,
            cell: matrix.cell_of(first),
            place: matrix.place_of(first),
            is_measured: trial.measured().is_some(),
            executions,
        })
    };
    executions.iter().filter_map(of_trial).collect()
}

/// Whether most of some trials were disturbed: more than half.
pub(super) fn are_most(disturbed: u32, trials: u32) -> bool {
    u64::from(disturbed) * 2 > u64::from(trials)
}
