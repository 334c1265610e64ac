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
mod tests;
