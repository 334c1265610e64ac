//! The recorded run with a retried trial.

use run_record::{RunRecord, TrialRecord};

use crate::runs::load_run;

/// An execution of a trial in which its first law held or failed.
fn execution(trial: &TrialRecord, retry: u32, held: bool) -> TrialRecord {
    let mut trial = TrialRecord { retry, ..trial.clone() };
    trial.laws[0].held = Some(held);
    trial
}

/// The recorded run with these executions of its fourth trial: whether its law held.
pub(crate) fn with_executions(held: &[bool]) -> (RunRecord, Vec<TrialRecord>) {
    let (record, mut trials) = load_run("sweep");
    let first = execution(&trials[3], 0, held[0]);
    let more = (1..).zip(&held[1..]).map(|(retry, &held)| execution(&first, retry, held));
    let more: Vec<_> = more.collect();
    trials[3] = first;
    trials.extend(more);
    (record, trials)
}
