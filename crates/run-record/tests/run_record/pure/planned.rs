//! Trials that are not those of the plan in run.json, and trials that are missing.

use std::fs;
use std::path::{Path, PathBuf};

use run_record::{RunDirectory, RunRecord, RunVerdict, TrialRecord, Verdict};
use serde_json::json;

use crate::support::{run_record, trial, trials_file};

/// Reads a run with these lines, as it is read for a report and as it is resumed.
fn errors(run: &RunRecord, trials: &[TrialRecord]) -> Option<String> {
    let out = tempfile::tempdir().unwrap();
    let mut directory = RunDirectory::create(out.path(), run).unwrap();
    trials.iter().for_each(|trial| directory.append(trial).unwrap());
    let path = directory.path().to_owned();
    drop(directory);
    let read = RunDirectory::read(&path).err().map(|error| error.to_string());
    let resumed = RunDirectory::resume(&path).err().map(|error| error.to_string());
    assert_eq!(read, resumed);
    read
}

#[test]
fn a_trial_that_is_not_planned_is_an_error_with_its_line() {
    let run = RunRecord { planned_trials: 12, retries: 1, disturbed_retries: 1, ..run_record() };
    let change = |change: fn(&mut TrialRecord)| {
        let mut trial = trial(7);
        change(&mut trial);
        trial
    };
    for (trial, reason) in [
        (change(|it| it.id = 77), "trial 77 is not planned: run.json plans 12 trials"),
        (change(|it| it.id = 12), "trial 12 is not planned"),
        (change(|it| it.cell = 99), "trial 7 is planned as repetition 1 of cell 1, not as"),
        (change(|it| it.repetition = 0), "not as repetition 0 of cell 1"),
        (change(|it| it.id = 8), "trial 8 is planned as repetition 1 of cell 2"),
        (
            change(|it| it.point["server.backlog"] = json!(2)),
            "trial 7 has server.backlog 2, but its cell 1 has 1",
        ),
        (
            change(|it| drop(it.point.shift_remove("load.clients"))),
            "trial 7 has load.clients nothing, but its cell 1 has 6",
        ),
        (
            change(|it| drop(it.point.insert("server.design".to_owned(), json!("x")))),
            "trial 7 has the setting server.design in its point",
        ),
        (change(|it| it.retry = 1), "trial 7, retry 1 is here, but not each of its earlier"),
    ] {
        let error = errors(&run, &[self::trial(0), trial]).unwrap();
        assert!(error.contains(reason), "{error}");
        assert!(error.contains("trials.jsonl, line 2: "), "{error}");
    }
}

#[test]
fn a_trial_has_at_most_the_executions_that_are_allowed() {
    let run = |retries, disturbed_retries| RunRecord { retries, disturbed_retries, ..run_record() };
    let tries = |number: u32| -> Vec<TrialRecord> {
        (0..=number).map(|retry| TrialRecord { retry, ..trial(3) }).collect()
    };
    assert_eq!(errors(&run(0, 0), &tries(0)), None);
    assert_eq!(errors(&run(1, 1), &tries(2)), None);
    for (run, number) in [(run(0, 0), 1), (run(1, 0), 2), (run(0, 1), 2), (run(1, 1), 3)] {
        let error = errors(&run, &tries(number)).unwrap();
        assert!(error.contains(&format!("run.json allows {} retr", number - 1)), "{error}");
    }
    assert!(errors(&run(1, 0), &[trial(3), trial(3)]).unwrap().contains("duplicate trial 3"));
}

/// A run with its six trials and a verdict.
fn finished_run(out: &Path) -> (PathBuf, RunRecord) {
    let mut record = run_record();
    let mut directory = RunDirectory::create(out, &record).unwrap();
    (0..6).for_each(|id| directory.append(&trial(id)).unwrap());
    directory.finish(&mut record).unwrap();
    (directory.path().to_owned(), record)
}

/// A run that ended has a verdict. What is missing afterwards is not held.
#[test]
fn a_run_that_has_lost_trials_names_them() {
    let out = tempfile::tempdir().unwrap();
    let (path, record) = finished_run(out.path());
    let whole = record.verdict.unwrap();
    assert_eq!(whole.verdict, Verdict::Held);
    assert!(whole.headline().starts_with("6 of 6 trials. All 6 checks passed"), "{whole:?}");

    let text = fs::read_to_string(trials_file(&path)).unwrap();
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    let verdict = |kept: &[usize]| {
        let kept: String = kept.iter().map(|&line| lines[line]).collect();
        fs::write(trials_file(&path), kept).unwrap();
        let (record, trials) = RunDirectory::read(&path).unwrap();
        assert!(record.ended.is_some());
        record.verdict.clone().unwrap_or_else(|| RunVerdict::new(&record, &trials))
    };
    assert_eq!(verdict(&[0, 1, 2, 3, 4, 5]), whole);
    let lost = verdict(&[0, 2, 3, 5]);
    assert_eq!(lost.verdict, Verdict::Incomplete);
    let headline = lost.headline();
    assert!(
        headline.starts_with("Not finished: 4 of 6 trials are recorded, without 1 and 4. "),
        "{headline}"
    );
    assert_eq!(lost.unfinished().unwrap(), "4 of 6 trials are recorded, without 1 and 4");
    assert!(verdict(&[]).headline().starts_with("Not finished: 0 of 6 trials are recorded"));
    // As if it had never been there.
    fs::remove_file(trials_file(&path)).unwrap();
    let (record, trials) = RunDirectory::read(&path).unwrap();
    assert!(record.verdict.is_none() && trials.is_empty());
    // They can be run again.
    assert!(RunDirectory::resume(&path).is_ok());
}

/// The results of checks that were changed after the run are not those of its verdict.
#[test]
fn a_verdict_on_other_results_is_not_used() {
    let out = tempfile::tempdir().unwrap();
    let (path, _) = finished_run(out.path());
    let text = fs::read_to_string(trials_file(&path)).unwrap();
    let failed = text.replacen("\"held\":true", "\"held\":false", 1);
    fs::write(trials_file(&path), failed).unwrap();
    let (record, trials) = RunDirectory::read(&path).unwrap();
    assert_eq!(record.verdict, None);
    assert_eq!(RunVerdict::new(&record, &trials).verdict, Verdict::Failed);
}
