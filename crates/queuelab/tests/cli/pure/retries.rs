//! Retries: the command line and the files report every attempt.

use std::path::Path;
use std::process::Command;

use run_record::{RunDirectory, TrialExecutions, TrialRecord};

use crate::support::retried::{group_executions, report_repeated};
use crate::support::{all_output, out_directory, queuelab, run_fake, runs, text};

/// Writes a scenario with one expectation and this number of trials.
fn write_scenario(folder: &Path, repeat: u32, expect: &str) -> String {
    let file = folder.join("flaky.yaml");
    let yaml = format!(
        "name: flaky\nquestion: Does it hold on a retry?\nload: {{ clients: 5, messages: \
         2 }}\nrecord: {{ attempts: true }}\nrepeat: {repeat}\nexpect:\n  - that: {expect}\n"
    );
    std::fs::write(&file, yaml).unwrap();
    file.to_str().unwrap().to_owned()
}

/// Three of 16 trials fail at first; one of them needs two retries.
const FLAKY: &str = r#"{ "trials": [
    { "trial": 2, "retry": 0, "outcomes": { "timed_out": 1 } },
    { "trial": 9, "retry": 0, "outcomes": { "refused": 2 } },
    { "trial": 9, "retry": 1, "outcomes": { "refused": 1 } },
    { "trial": 15, "retry": 0, "outcomes": { "reset": 5 } }
] }"#;

#[test]
fn trials_that_held_on_a_retry_hold_and_are_reported() {
    let place = out_directory();
    let file = write_scenario(place.path(), 16, "outcomes.ok == 5");
    let arguments = [file.as_str(), "--retry", "20"];
    let (output, record, trials) = run_fake(&place.path().join("runs"), &arguments, FLAKY);
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert_eq!(record.retries, 20);
    let executions = TrialExecutions::group(&trials);
    assert_eq!(executions.len(), 16);
    let flaky = executions.iter().filter(|executions| executions.is_flaky()).count();
    assert!(flaky == 3 && executions.iter().all(TrialExecutions::held), "{}", all_output(&output));
    assert!(
        trials[..16].iter().all(|trial| trial.retry == 0),
        "retries come after all other trials"
    );
    for executions in &executions {
        let retries: Vec<_> = executions.all().iter().map(|trial| trial.retry).collect();
        assert_eq!(retries, (0..retries.len() as u32).collect::<Vec<_>>());
        let (last, before) = executions.all().split_last().unwrap();
        assert!(last.held() && before.iter().all(|trial| !trial.held()));
    }

    let path = &runs(&place.path().join("runs"))[0];
    let rows = std::fs::read_dir(path.join("attempts")).unwrap().count();
    assert_eq!(rows, trials.len(), "each attempt of a trial has its own rows");
    let word = if flaky == 1 { "trial" } else { "trials" };
    let sentence = format!("{flaky} {word} held only when run again");
    assert!(text(&output.stdout).contains(&sentence), "{}", all_output(&output));
    let summary = std::fs::read_to_string(path.join("summary.md")).unwrap();
    assert!(summary.contains(&sentence) && summary.contains("⚠️"), "{summary}");
    let junit = std::fs::read_to_string(path.join("junit.xml")).unwrap();
    let failed = trials.iter().filter(|trial| !trial.held()).count();
    assert_eq!(junit.matches("<flakyFailure ").count(), failed, "{junit}");
    assert!(junit.contains("failures=\"0\"") && !junit.contains("<failure "), "{junit}");
    let output = queuelab(&["report", path.to_str().unwrap(), "--annotate"]).output().unwrap();
    assert!(text(&output.stdout).starts_with("::warning "), "{}", all_output(&output));
}

#[test]
fn a_trial_that_never_holds_fails_with_all_retries_also_after_a_resume() {
    let place = out_directory();
    let out = place.path().join("runs");
    let file = write_scenario(place.path(), 2, "outcomes.ok == 4");
    let (output, _, trials) = run_fake(&out, &[&file, "--retry", "2"], "{}");
    assert_eq!(output.status.code(), Some(3), "{}", all_output(&output));
    let ids = |trials: &[TrialRecord]| -> Vec<_> {
        trials.iter().map(|trial| (trial.retry, trial.id)).collect()
    };
    let all = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 0), (2, 1)];
    let mut found = ids(&trials);
    found.sort_unstable();
    assert_eq!(found, all, "{}", all_output(&output));
    let path = &runs(&out)[0];
    let junit = std::fs::read_to_string(path.join("junit.xml")).unwrap();
    assert_eq!(junit.matches("<failure ").count(), 2, "one for each trial: {junit}");
    assert_eq!(junit.matches("<rerunFailure ").count(), 4, "{junit}");

    // The state after a crash during the retries.
    let lines = std::fs::read_to_string(path.join("trials.jsonl")).unwrap();
    let saved: String = lines.split_inclusive('\n').take(3).collect();
    std::fs::write(path.join("trials.jsonl"), saved).unwrap();
    let output = queuelab(&["run", "--resume", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", all_output(&output));
    let mut found = ids(&RunDirectory::read(path).unwrap().1);
    found.sort_unstable();
    assert_eq!(found, all, "{}", all_output(&output));
}

#[test]
fn without_the_flag_failed_trials_are_not_retried() {
    let place = out_directory();
    let file = write_scenario(place.path(), 2, "outcomes.ok == 4");
    let (output, record, trials) = run_fake(&place.path().join("runs"), &[&file], "{}");
    assert_eq!((output.status.code(), trials.len(), record.retries), (Some(3), 2, 0));
}

#[test]
fn a_passing_test_prints_what_it_repeated() {
    const NAME: &str = "pure::retries::a_passing_test_prints_what_it_repeated";
    // The test runs itself as a process whose output it can read.
    const IS_CHILD: &str = "QUEUELAB_TEST_PRINTS_RETRIES";
    if std::env::var_os(IS_CHILD).is_some() {
        let place = out_directory();
        let file = write_scenario(place.path(), 16, "outcomes.ok == 5");
        let arguments = [file.as_str(), "--retry", "20"];
        let (_, _, trials) = run_fake(&place.path().join("runs"), &arguments, FLAKY);
        assert_eq!(group_executions("flaky", &trials).len(), 16);
        report_repeated("comparison", 0, "");
        eprintln!("captured");
        return;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", NAME])
        .env(IS_CHILD, "1")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", all_output(&child));
    assert!(text(&child.stdout).contains("1 passed"), "{}", all_output(&child));
    let stderr = text(&child.stderr);
    let lines: Vec<_> = stderr.lines().filter(|line| !line.is_empty()).collect();
    let failed = |ok: u32| format!("expectation `outcomes.ok == 5`: outcomes.ok was {ok}");
    let line = |trial: u32, times: &str, why: &str| {
        format!("RETRIED: {NAME}: flaky, trial {trial}, {times}, {why}")
    };
    let expected = [
        line(2, "1 time", &failed(4)),
        line(9, "2 times", &format!("{}; {}", failed(3), failed(4))),
        line(15, "1 time", &failed(0)),
    ];
    assert_eq!(lines, expected);
}
