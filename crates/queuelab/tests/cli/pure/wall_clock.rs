//! Runs during which the wall clock was set: their records have times in the past and in the
//! future.

use run_record::{RunDirectory, RunRecord, TrialRecord};

use crate::support::{all_output, out_directory, queuelab, run_fake, runs};

const FUTURE: &str = "2099-01-01T00:00:00Z";
const PAST: &str = "2001-01-01T00:00:00Z";

#[test]
fn a_run_with_times_in_the_future_and_the_past_is_resumed_reported_and_compared() {
    for (run_started, trials_started) in [(FUTURE, PAST), (PAST, FUTURE)] {
        let (made, out) = (out_directory(), out_directory());
        let (_, record, trials) = run_fake(made.path(), &["smoke", "--seed", "7"], "{}");
        let record = RunRecord {
            started: run_started.parse().unwrap(),
            ended: None,
            verdict: None,
            ..record
        };
        let mut directory = RunDirectory::create(out.path(), &record).unwrap();
        let half = trials.len() / 2;
        for trial in &trials[..half] {
            let started = trials_started.parse().unwrap();
            directory.append(&TrialRecord { started, ..trial.clone() }).unwrap();
        }
        let run = directory.path().to_owned();
        drop(directory);

        let path = run.to_str().unwrap();
        let command = |arguments: &[&str], code: i32| {
            let output = queuelab(arguments).env("QUEUELAB_FAKE_SCRIPT", "{}").output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", all_output(&output));
        };
        command(&["run", "--resume", path], 0);
        let (record, after) = RunDirectory::read(&run).unwrap();
        assert!(record.ended.is_some() && record.resumed.len() == 1);
        let mut ids: Vec<_> = after.iter().map(|trial| trial.id as usize).collect();
        ids.sort_unstable();
        assert_eq!(ids, (0..trials.len()).collect::<Vec<_>>());
        command(&["report", path], 0);
        // It has too few trials for a verdict.
        command(&["compare", path, path], 6);
        // The next run is after it.
        let out = out.path().to_str().unwrap();
        command(&["run", "smoke", "--backend", "fake", "--out", out], 0);
        let both = runs(out.as_ref());
        let is_after = both.last() != Some(&run);
        assert!(both.len() == 2 && is_after, "{both:?}");
    }
}
