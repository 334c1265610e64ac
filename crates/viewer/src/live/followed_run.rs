//! A run that is followed: each trial is read once, when it is appended.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Instant;

use maud::html;
use run_record::{
    ExecutionId, FollowedTrials, Judge, Live, LiveTrial, RunRecord, RunVerdict, TrialRecord,
};
use serde_json::Value;

use super::end::end;
use super::grid::Grid;
use super::parts::LiveParts;
use super::progress::progress;
use super::queue::History;
use super::trial::trial;
use crate::run_folder::RunFolder;

/// A run that is followed.
pub(crate) struct FollowedRun {
    folder: RunFolder,
    record: RunRecord,
    /// The executions of trials that have ended.
    done: HashSet<ExecutionId>,
    judge: Judge,
    followed: FollowedTrials,
    verdict: RunVerdict,
    grid: Grid,
    /// Why the trials cannot be read.
    read_error: Option<String>,
    /// The accept queue of each series.
    histories: BTreeMap<u32, History>,
    /// When the run was first found to have ended.
    ended: Option<Instant>,
}

impl FollowedRun {
    /// Follows a run from its first trial.
    pub(crate) fn new(folder: RunFolder, record: RunRecord) -> Self {
        Self {
            folder,
            done: HashSet::new(),
            judge: Judge::new(&record),
            followed: FollowedTrials::new(&record),
            verdict: RunVerdict::new(&record, []),
            grid: Grid::new(&record),
            read_error: None,
            histories: BTreeMap::new(),
            ended: None,
            record,
        }
    }

    /// Reads what was written since the last update.
    pub(crate) fn update(&mut self) -> LiveParts {
        // First: everything that was written before the run ended is then read below.
        let is_running = self.folder.is_running();
        let live = self.folder.open().ok().and_then(|folder| Live::read(&folder));
        let live = live.unwrap_or_default();
        self.read_trials();
        let mut running = live.trials;
        running.retain(|trial| !self.done.contains(&trial.execution_id()));
        self.add_to_histories(&running);
        let cells: HashSet<u32> = running.iter().map(|trial| trial.cell).collect();
        let left = self.seconds_left(&running).filter(|_| is_running);
        let mut parts = LiveParts {
            progress: progress(&self.verdict, is_running, left, self.read_error.as_deref()).0,
            now: html! {
                @for one in &running { (trial(one, self.grid.names(), self.histories.get(&self.series(one)))) }
            }
            .0,
            cells: self.grid.render(&cells, &self.failed_checks_by_cell()).0,
            ..LiveParts::default()
        };
        if !is_running {
            let since = self.ended.get_or_insert_with(Instant::now).elapsed();
            // The record that was read first has no end; once the end is known, only the
            // report is waited for.
            if self.record.ended.is_none()
                && let Ok(record) = self.folder.read_record()
            {
                self.record = record;
                self.verdict = self.judge.verdict(self.record.ended.is_some());
            }
            let (end, is_last) = end(&self.folder, &self.record, &self.verdict, since);
            (parts.end, parts.is_last) = (Some(end.0), is_last);
        }
        parts
    }

    fn read_trials(&mut self) {
        let Self { folder, followed, grid, done, judge, .. } = self;
        let known = done.len();
        let read = folder.open_records().and_then(|folder| {
            let add = |trial: TrialRecord| {
                grid.add(&trial);
                judge.add(&trial);
                done.insert(trial.execution_id());
            };
            followed.read(&folder, add).map_err(|error| error.to_string())
        });
        self.read_error = read.err();
        if self.done.len() > known {
            self.verdict = self.judge.verdict(self.record.ended.is_some());
        }
    }

    /// The number of failed checks of each cell that has any.
    fn failed_checks_by_cell(&self) -> HashMap<u32, usize> {
        let mut cells = HashMap::new();
        for trial in self.verdict.failed() {
            if let Some(cell) = trial.cell {
                *cells.entry(cell).or_default() += trial.violations().count();
            }
        }
        cells
    }

    /// The number of the history that a trial belongs to: one for each trial that runs side by
    /// side with others, 0 for all trials that run one after the other.
    fn series(&self, trial: &LiveTrial) -> u32 {
        match self.record.scenario.resolved["side_by_side"] == Value::Bool(true) {
            true => trial.id.saturating_add(1),
            false => 0,
        }
    }

    fn add_to_histories(&mut self, trials: &[LiveTrial]) {
        let series: HashSet<u32> = trials.iter().map(|trial| self.series(trial)).collect();
        self.histories.retain(|number, _| *number == 0 || series.contains(number));
        for trial in trials {
            if let Some(queues) = &trial.queues {
                self.histories.entry(self.series(trial)).or_default().add(queues);
            }
        }
    }

    /// Estimated from the mean time of the trials: those that are missing, without the time
    /// for which trials are `running` already, as many at a time as now.
    fn seconds_left(&self, running: &[LiveTrial]) -> Option<f64> {
        let left = self.verdict.missing();
        let total = self.grid.mean_seconds()? * f64::from(left);
        let passed: f64 = running.iter().map(LiveTrial::running_seconds).sum();
        (left > 0).then(|| ((total - passed) / running.len().max(1) as f64).max(1.0))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use run_record::{Interleaved, InterleavedRole, RunDirectory};

    use super::*;

    fn sweep() -> (RunRecord, Vec<TrialRecord>) {
        let sweep = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        RunDirectory::read(&sweep).unwrap()
    }

    fn followed(path: &Path, record: RunRecord) -> FollowedRun {
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        let parent = path.parent().unwrap();
        let (scenario, time) = (name(parent), name(path));
        let root = parent.parent().unwrap().to_owned();
        FollowedRun::new(RunFolder { root, scenario, time }, record)
    }

    /// The note at the end of a stopped run with two trials, each run twice.
    fn end_of_stopped_run(interleaved: Option<Interleaved>) -> String {
        let root = tempfile::tempdir().unwrap();
        let (mut record, mut trials) = sweep();
        (record.ended, record.interleaved) = (None, interleaved);
        trials.truncate(2);
        trials.extend(trials.clone().into_iter().map(|trial| TrialRecord { retry: 1, ..trial }));
        let mut directory = RunDirectory::create(root.path(), &record).unwrap();
        trials.iter().for_each(|trial| directory.append(trial).unwrap());
        let path = directory.path().to_owned();
        drop(directory);
        followed(&path, record).update().end.unwrap()
    }

    #[test]
    fn a_stopped_run_counts_trials_and_not_executions() {
        let end = end_of_stopped_run(None);
        assert!(end.contains("2 of 16 trials are recorded"), "{end}");
    }

    #[test]
    fn a_stopped_baseline_is_resumed_with_the_run_that_it_belongs_to() {
        let with = "the-new-one".to_owned();
        let end = end_of_stopped_run(Some(Interleaved { role: InterleavedRole::Baseline, with }));
        assert!(end.contains("/the-new-one</code>"), "{end}");
    }

    /// As if the wall clock was set during the run.
    #[test]
    fn the_time_left_is_estimated_from_durations_and_not_from_times_of_day() {
        for (run_started, trials_started) in [
            ("2099-01-01T00:00:00Z", "2001-01-01T00:00:00Z"),
            ("2001-01-01T00:00:00Z", "2099-01-01T00:00:00Z"),
        ] {
            let root = tempfile::tempdir().unwrap();
            let (mut record, mut trials) = sweep();
            record.started = run_started.parse().unwrap();
            record.ended = None;
            let mut directory = RunDirectory::create(root.path(), &record).unwrap();
            for trial in trials.iter_mut().take(6) {
                trial.started = trials_started.parse().unwrap();
                trial.duration_seconds = 2.0;
                directory.append(trial).unwrap();
            }
            let parts = followed(directory.path(), record).update();
            assert!(parts.progress.contains("about 20 s left"), "{}", parts.progress);
        }
    }

    #[test]
    fn a_retry_clears_a_failed_law_but_not_a_failed_invariant() {
        let root = tempfile::tempdir().unwrap();
        let (mut record, trials) = sweep();
        (record.ended, record.retries) = (None, 2);
        let mut directory = RunDirectory::create(root.path(), &record).unwrap();
        let mut run = followed(directory.path(), record);
        let mut append = |trial: u32, retry: u32, law: bool, invariant: bool| {
            let planned = trials.iter().find(|planned| planned.id == trial).unwrap();
            let mut record = TrialRecord { retry, ..planned.clone() };
            record.laws[0].held = Some(law);
            record.invariants[0].held = Some(invariant);
            directory.append(&record).unwrap();
            run.update()
        };
        let parts = append(0, 0, false, true);
        assert!(parts.progress.contains("1 check failed"), "{}", parts.progress);
        assert_eq!(parts.cells.matches("broken").count(), 1, "{}", parts.cells);
        let parts = append(0, 1, false, true);
        assert!(parts.progress.contains("trial 0, retry 1"), "{}", parts.progress);
        let parts = append(0, 2, true, true);
        assert!(!parts.progress.contains("failed"), "{}", parts.progress);
        assert!(parts.progress.contains("1 trial held only when run again"), "{}", parts.progress);
        assert!(!parts.cells.contains("broken"), "{}", parts.cells);

        append(1, 0, true, false);
        let parts = append(1, 1, true, true);
        assert!(parts.progress.contains("1 check failed"), "{}", parts.progress);
    }
}
