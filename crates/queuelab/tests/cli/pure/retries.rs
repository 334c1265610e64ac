//! Retries, as the command line and the files report them: they hide nothing.

use std::path::Path;

use run_record::{RunDirectory, TrialExecutions, TrialRecord};

use crate::support::{fake_run, out_directory, queuelab, runs, said, text};

/// A scenario with one expectation, so often.
fn scenario(folder: &Path, repeat: u32, expect: &str) -> String {
    let file = folder.join("flaky.yaml");
    let yaml = format!(
        "name: flaky\nquestion: Does it hold when it is run again?\nload: {{ clients: 5, messages: \
         2 }}\nrecord: {{ attempts: true }}\nrepeat: {repeat}\nexpect:\n  - that: {expect}\n"
    );
    std::fs::write(&file, yaml).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Three of 16 trials do not hold at first; one of them needs two retries.
const FLAKY: &str = r#"{ "trials": [
    { "trial": 2, "retry": 0, "outcomes": { "timed_out": 1 } },
    { "trial": 9, "retry": 0, "outcomes": { "refused": 2 } },
    { "trial": 9, "retry": 1, "outcomes": { "refused": 1 } },
    { "trial": 15, "retry": 0, "outcomes": { "reset": 5 } }
] }"#;

#[test]
fn trials_that_held_on_a_retry_hold_and_are_reported() {
    let place = out_directory();
    let file = scenario(place.path(), 16, "outcomes.ok == 5");
    let arguments = [file.as_str(), "--retry", "20"];
    let (output, record, trials) = fake_run(&place.path().join("runs"), &arguments, FLAKY);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(record.retries, 20);
    let tries = TrialExecutions::group(&trials);
    assert_eq!(tries.len(), 16);
    let flaky = tries.iter().filter(|tries| tries.is_flaky()).count();
    assert!(flaky == 3 && tries.iter().all(TrialExecutions::held), "{}", said(&output));
    assert!(trials[..16].iter().all(|trial| trial.retry == 0), "first all others");
    for tries in &tries {
        let retries: Vec<_> = tries.all().iter().map(|trial| trial.retry).collect();
        assert_eq!(retries, (0..retries.len() as u32).collect::<Vec<_>>());
        let (last, before) = tries.all().split_last().unwrap();
        assert!(last.held() && before.iter().all(|trial| !trial.held()));
    }

    let path = &runs(&place.path().join("runs"))[0];
    let rows = std::fs::read_dir(path.join("attempts")).unwrap().count();
    assert_eq!(rows, trials.len(), "each try has rows of its own");
    let word = if flaky == 1 { "trial" } else { "trials" };
    let told = format!("{flaky} {word} held only when run again");
    assert!(text(&output.stdout).contains(&told), "{}", said(&output));
    let summary = std::fs::read_to_string(path.join("summary.md")).unwrap();
    assert!(summary.contains(&told) && summary.contains("⚠️"), "{summary}");
    let junit = std::fs::read_to_string(path.join("junit.xml")).unwrap();
    let failed = trials.iter().filter(|trial| !trial.held()).count();
    assert_eq!(junit.matches("<flakyFailure ").count(), failed, "{junit}");
    assert!(junit.contains("failures=\"0\"") && !junit.contains("<failure "), "{junit}");
    let output = queuelab(&["report", path.to_str().unwrap(), "--annotate"]).output().unwrap();
    assert!(text(&output.stdout).starts_with("::warning "), "{}", said(&output));
}

#[test]
fn a_trial_that_never_holds_fails_with_each_of_its_tries_also_after_an_interruption() {
    let place = out_directory();
    let out = place.path().join("runs");
    let file = scenario(place.path(), 2, "outcomes.ok == 4");
    let (output, _, trials) = fake_run(&out, &[&file, "--retry", "2"], "{}");
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let ids = |trials: &[TrialRecord]| -> Vec<_> {
        trials.iter().map(|trial| (trial.retry, trial.id)).collect()
    };
    let all = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)];
    let mut found = ids(&trials);
    found.sort_unstable();
    assert_eq!(found, all, "{}", said(&output));
    let path = &runs(&out)[0];
    let junit = std::fs::read_to_string(path.join("junit.xml")).unwrap();
    assert_eq!(junit.matches("<failure ").count(), 2, "one for each trial: {junit}");
    assert_eq!(junit.matches("<rerunFailure ").count(), 4, "{junit}");

    // As a crash leaves it, after the first retry.
    let lines = std::fs::read_to_string(path.join("trials.jsonl")).unwrap();
    let kept: String = lines.split_inclusive('\n').take(3).collect();
    std::fs::write(path.join("trials.jsonl"), kept).unwrap();
    let output = queuelab(&["run", "--resume", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", said(&output));
    let mut found = ids(&RunDirectory::read(path).unwrap().1);
    found.sort_unstable();
    assert_eq!(found, all, "{}", said(&output));
}

#[test]
fn without_retries_failed_trials_are_not_run_again() {
    let place = out_directory();
    let file = scenario(place.path(), 2, "outcomes.ok == 4");
    let (output, record, trials) = fake_run(&place.path().join("runs"), &[&file], "{}");
    assert_eq!((output.status.code(), trials.len(), record.retries), (Some(3), 2, 0));
}
