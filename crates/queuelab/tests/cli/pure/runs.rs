//! Runs on the fake backend: exit codes, messages and files.

use std::path::Path;
use std::process::Command;

use run_record::RunDirectory;

use crate::support::{
    all_output, binary, fake_command, out_directory, queuelab, repository, run_fake, runs,
    suite_directory, text, write_measured_suite,
};

fn trials_done(out: &Path) -> usize {
    let runs = runs(out);
    let trials = runs.first().and_then(|run| RunDirectory::read(run).ok());
    trials.map_or(0, |(_, trials)| trials.len())
}

#[test]
fn a_trial_whose_line_a_crash_truncated_is_run_again() {
    let out = out_directory();
    run_fake(out.path(), &["smoke"], "{}");
    let path = runs(out.path()).remove(0);
    let trials = path.join("trials.jsonl");
    let bytes = std::fs::read(&trials).unwrap();
    std::fs::write(&trials, &bytes[..bytes.len() - 40]).unwrap();
    let count = trials_done(out.path());
    let output = queuelab(&["run", "--resume", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert_eq!(trials_done(out.path()), count + 1);
}

#[test]
fn resume_rejects_the_run_of_another_scenario() {
    let out = out_directory();
    run_fake(out.path(), &["smoke"], "{}");
    let path = runs(out.path()).remove(0);
    let output =
        queuelab(&["run", "backlog-sweep", "--resume", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("another scenario"), "{}", all_output(&output));
    let output = queuelab(&["run", "--resume", out.path().to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("not a run directory"), "{}", all_output(&output));
}

#[test]
fn a_run_is_resumed_without_its_scenario_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mine.yaml");
    let smoke = std::fs::read_to_string(repository().join("scenarios/smoke.yaml")).unwrap();
    std::fs::write(&file, smoke.replace("name: smoke", "name: mine")).unwrap();
    let out = folder.path().join("runs");
    run_fake(&out, &[file.to_str().unwrap(), "--only", "server.backlog=64"], "{}");
    let path = runs(&out).remove(0);
    let trials = path.join("trials.jsonl");
    let lines = std::fs::read_to_string(&trials).unwrap();
    let first = lines.lines().next().unwrap();
    std::fs::write(&trials, format!("{first}\n")).unwrap();
    std::fs::remove_file(&file).unwrap();
    let output = queuelab(&["run", "--resume", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert_eq!(trials_done(&out), lines.lines().count());
}

#[test]
fn a_closed_pipe_does_not_stop_a_run() {
    let out = out_directory();
    let script =
        format!("{} run smoke --backend fake --out {} | head -1", binary(), out.path().display());
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(!text(&output.stderr).contains("panicked"), "{}", all_output(&output));
    assert_eq!(trials_done(out.path()), {
        let (record, _) = RunDirectory::read(&runs(out.path())[0]).unwrap();
        record.planned_trials as usize
    });
}

#[test]
fn an_interrupted_run_exits_with_130_and_prints_what_is_saved_and_how_to_resume() {
    let out = out_directory();
    let script = r#"{ "trials": [{ "trial": 2, "interrupts": true }] }"#;
    let flags = ["smoke", "--seed", "1"];
    let (output, record, trials) = run_fake(out.path(), &flags, script);
    assert_eq!(output.status.code(), Some(130), "{}", all_output(&output));
    let path = runs(out.path()).remove(0);
    let stderr = text(&output.stderr);
    let saved =
        format!("interrupted: {} of 4 trials are saved in {}", trials.len(), path.display());
    assert!(stderr.contains(&saved), "{stderr}");
    assert!(stderr.contains(&format!("queuelab run --resume {}", path.display())), "{stderr}");
    assert!(record.ended.is_none() && trials.len() < 4);

    let output = queuelab(&["run", "--resume", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert_eq!(trials_done(out.path()), 4);
}

#[test]
fn a_failed_host_is_exit_code_5_and_earlier_trials_are_saved() {
    let out = out_directory();
    let script = r#"{ "trials": [{ "trial": 3, "host_fails": "the host was killed" }] }"#;
    let (output, _, trials) = run_fake(out.path(), &["smoke", "--seed", "1"], script);
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("failed to keep the hosts running: the host was killed"), "{stderr}");
    assert!(
        stderr.contains(&format!("stopped: {} of 4 trials are saved", trials.len())),
        "{stderr}"
    );
}

#[test]
fn verbose_progress_is_a_line_for_each_trial_with_its_failed_checks() {
    let out = out_directory();
    let script = r#"{ "trials": [{ "trial": 1, "outcomes": { "refused": 2 } }] }"#;
    let (output, _, trials) = run_fake(out.path(), &["smoke", "--seed", "1", "-v"], script);
    assert_eq!(output.status.code(), Some(3), "{}", all_output(&output));
    let stderr = text(&output.stderr);
    for (position, trial) in trials.iter().enumerate() {
        let line = format!("{}/4 ", position + 1);
        let line = stderr.lines().find(|found| found.starts_with(&line)).expect(&stderr);
        let ok = if trial.id == 1 { "18 of 20 ok" } else { "20 of 20 ok" };
        assert!(line.contains(ok), "{stderr}");
    }
    let failed = "trial 1: expectation `outcomes.refused == 0` failed";
    assert!(stderr.contains(failed), "{stderr}");
    let out = out_directory();
    let (output, ..) = run_fake(out.path(), &["smoke", "--seed", "1", "-q"], script);
    assert!(!text(&output.stderr).contains("/4 "), "{}", all_output(&output));
    assert!(text(&output.stderr).contains(failed), "{}", all_output(&output));
}

#[test]
fn a_run_prints_the_answer_first_and_last_and_show_prints_everything() {
    let out = out_directory();
    let (output, ..) = run_fake(out.path(), &["smoke", "--seed", "1"], "{}");
    let short = text(&output.stdout);
    let paragraphs: Vec<_> = short.trim_end().split("\n\n").collect();
    let answer = paragraphs[1];
    assert!(answer.contains("clients succeeded"), "{short}");
    assert_eq!(paragraphs[paragraphs.len() - 3], answer, "{short}");
    assert!(short.lines().count() <= 40, "{short}");
    let run = runs(out.path()).remove(0);
    let last = format!("Everything: queuelab show {}", run.display());
    assert!(short.trim_end().ends_with(&last), "{short}");
    let shown = queuelab(&["show", run.to_str().unwrap()]).output().unwrap();
    assert_eq!(shown.status.code(), Some(0), "{}", all_output(&shown));
    let other = out_directory();
    let (full, ..) = run_fake(other.path(), &["smoke", "--seed", "1", "--full"], "{}");
    for printed in [text(&shown.stdout), text(&full.stdout)] {
        assert!(printed.contains("What the kernel counted"), "{printed}");
        assert!(printed.contains(answer), "{printed}");
    }
    let other = out_directory();
    let (quiet, ..) = run_fake(other.path(), &["smoke", "--seed", "1", "--quiet"], "{}");
    assert!(text(&quiet.stdout).contains(answer), "{}", all_output(&quiet));
    assert!(text(&quiet.stdout).lines().count() < 12, "{}", all_output(&quiet));
}

#[test]
fn no_line_is_longer_than_the_columns_of_a_file() {
    let out = out_directory();
    let (output, ..) = run_fake(out.path(), &["smoke", "--seed", "1"], "{}");
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let run = runs(out.path()).remove(0);
    let run = run.to_str().unwrap();
    let commands: [&[&str]; 9] = [
        &["show", run],
        &["report", run],
        &["compare", run, run],
        &["list"],
        &["check"],
        &["explain"],
        &["explain", "accept queue"],
        &["predict", "backlog-sweep", "--quick"],
        &["size", "--burst", "100", "--arrivals", "1000/s", "--accept", "100/s"],
    ];
    for arguments in commands {
        let output = queuelab(arguments).env("COLUMNS", "60").output().unwrap();
        let printed = text(&output.stdout);
        assert!(printed.lines().count() > 3, "{arguments:?}: {}", all_output(&output));
        for line in printed.lines() {
            let is_path = line.contains('/');
            assert!(line.chars().count() <= 60 || is_path, "{arguments:?}: {line}");
        }
    }
}

#[test]
fn the_fake_backend_is_not_offered_to_users() {
    let output = fake_command(&["run", "--help"], "{}").output().unwrap();
    let help = text(&output.stdout);
    assert!(help.contains("netns") && help.contains("docker") && !help.contains("fake"), "{help}");
    let doctor = fake_command(&["doctor", "--json"], "{}").output().unwrap();
    assert!(!text(&doctor.stdout).contains("fake"), "{}", all_output(&doctor));
}

#[test]
fn a_run_without_a_report_can_be_reported_later() {
    let out = out_directory();
    let (output, _, trials) = run_fake(out.path(), &["smoke", "--no-report"], "{}");
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert!(text(&output.stdout).contains("Run directory: "), "{}", all_output(&output));
    assert_eq!(trials.len(), 4);
    let path = runs(out.path()).remove(0);
    let report = path.join("report.html");
    assert!(!report.exists());
    let output = queuelab(&["report", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert!(report.exists());

    let out = out_directory();
    let suite = write_measured_suite(out.path());
    let folder = out.path().join("runs");
    let arguments = ["run", &suite, "--no-report", "--repeat", "1", "--backend", "fake"];
    let mut command =
        fake_command(&[&arguments[..], &["--out", folder.to_str().unwrap()]].concat(), "{}");
    let output = command.output().unwrap();
    assert!(runs(&folder).len() > 1, "{}", all_output(&output));
    for path in runs(&folder).iter().chain([&suite_directory(&folder, "measured")]) {
        assert!(!path.join("junit.xml").exists(), "{path:?}");
    }
}
