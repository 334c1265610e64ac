//! The recorded run with retries of a trial.

use run_record::{RunRecord, TrialRecord};

use crate::runs::kept;

/// A retry of a trial in which its first law held or failed.
fn again(trial: &TrialRecord, retry: u32, held: bool) -> TrialRecord {
    let mut trial = TrialRecord { retry, ..trial.clone() };
    trial.laws[0].held = Some(held);
    trial
}

/// The recorded run with these tries of its fourth trial.
pub(crate) fn with_tries(tries: &[bool]) -> (RunRecord, Vec<TrialRecord>) {
    let (record, mut trials) = kept("sweep");
    let first = again(&trials[3], 0, tries[0]);
    let more = (1..).zip(&tries[1..]).map(|(retry, &held)| again(&first, retry, held));
    let more: Vec<_> = more.collect();
    trials[3] = first;
    trials.extend(more);
    (record, trials)
}
