//! What the list tells of each run. To know it, all of its trials must be read:
//! that is done once, and again when its files have changed.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use jiff::Timestamp;
use run_record::{Interleaved, InterleavedRole, Outcome, RunRecord, RunVerdict, TrialRecord};
use run_view::number::total;

use crate::runs::Place;

/// So many are kept, of a kilobyte or so each.
const KEPT: usize = 2000;

/// A run in short.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    pub(crate) question: String,
    pub(crate) started: Timestamp,
    pub(crate) is_quick: bool,
    pub(crate) done: usize,
    pub(crate) planned: usize,
    pub(crate) attempts: u64,
    pub(crate) ok: u64,
    /// Whether nothing more is to be run, retries among it.
    pub(crate) is_finished: bool,
    /// Trials that held only when they were run again.
    pub(crate) flaky: usize,
    /// Checks that failed.
    pub(crate) failed: usize,
    pub(crate) kernel: String,
    pub(crate) backend: String,
    /// What it is of two that are interleaved, and the other's directory.
    pub(crate) interleaved: Option<Interleaved>,
}

impl Summary {
    /// Of what a run directory holds.
    pub(super) fn of(record: &RunRecord, trials: &[TrialRecord]) -> Self {
        let verdict = record.verdict.clone();
        let verdict = verdict.unwrap_or_else(|| RunVerdict::new(record, trials));
        Self {
            question: record.scenario.question.clone(),
            started: record.started,
            is_quick: record.scenario.overrides.quick,
            done: verdict.trials as usize,
            planned: record.planned_trials as usize,
            attempts: total(trials.iter().map(|trial| trial.attempts)),
            ok: total(trials.iter().map(|trial| trial.outcomes.get(Outcome::Ok))),
            is_finished: verdict.unfinished().is_none(),
            flaky: verdict.held_on_retry().count(),
            failed: verdict.failed_checks(),
            kernel: record.machine.kernel.clone(),
            backend: record.backend.name.clone(),
            interleaved: record.interleaved.clone(),
        }
    }
}

impl Summary {
    /// The run that it is the baseline of, where it is one.
    pub(crate) fn baseline_of(&self) -> Option<&str> {
        let Interleaved { role, with } = self.interleaved.as_ref()?;
        (*role == InterleavedRole::Baseline).then_some(with.as_str())
    }
}

/// Of a file: when it was changed, and how long it is.
type Stamp = Option<(SystemTime, u64)>;

/// Of each run's `run.json` and `trials.jsonl`, and what they came to then.
type Known = HashMap<PathBuf, ([Stamp; 2], Arc<Summary>)>;

/// Summaries that are known.
#[derive(Debug, Default)]
pub(crate) struct Summaries {
    known: Mutex<Known>,
}

impl Summaries {
    /// That of a run; or why it cannot be read.
    pub(crate) fn of(&self, place: &Place) -> Result<Arc<Summary>, String> {
        place.check()?;
        // Before it is read: what is written meanwhile is read the next time.
        let stamps = ["run.json", "trials.jsonl"].map(|name| {
            let found = fs::metadata(place.path.join(name)).ok()?;
            Some((found.modified().ok()?, found.len()))
        });
        if let Some((known, summary)) = self.known().get(&place.path)
            && *known == stamps
        {
            return Ok(Arc::clone(summary));
        }
        let (record, trials) = place.read()?;
        let summary = Arc::new(Summary::of(&record, &trials));
        let mut known = self.known();
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(place.path.clone(), (stamps, Arc::clone(&summary)));
        Ok(summary)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().expect("nobody panics while holding it")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use run_record::RunDirectory;

    use super::*;

    fn kept() -> (RunRecord, Vec<TrialRecord>) {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        RunDirectory::read(&kept).unwrap()
    }

    #[test]
    fn trials_of_more_attempts_than_can_be_counted_are_summed_up() {
        let (record, mut trials) = kept();
        trials[0].attempts = u64::MAX;
        assert_eq!(Summary::of(&record, &trials).attempts, u64::MAX);
    }

    #[test]
    fn a_run_is_finished_when_it_has_ended_and_what_held_at_last_is_told() {
        let (mut record, mut trials) = kept();
        let again = TrialRecord { retry: 1, ..trials[0].clone() };
        trials[0].laws[0].held = Some(false);
        trials.push(again);
        let told =
            |record: &RunRecord| crate::list::verdict(&Summary::of(record, &trials), false).0;
        assert!(told(&record).contains("✓ held, 1 only when run again"), "{}", told(&record));
        record.ended = None;
        assert!(told(&record).contains("not finished"), "{}", told(&record));
    }
}
