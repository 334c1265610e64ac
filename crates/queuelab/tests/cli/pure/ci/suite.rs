//! Steps with the real program: a suite of one short scenario on scripted hosts.

use std::path::Path;
use std::process::Output;

use super::step::{annotations, set_outputs, step, take_summary};
use crate::support::{all_output, binary, out_directory, text};

/// Writes a suite of one scenario with ten trials, which holds if `clients` is 3.
fn write_suite(folder: &Path, clients: u32, delay: &str) -> String {
    let scenarios = folder.join("scenarios");
    std::fs::create_dir_all(&scenarios).unwrap();
    let one = format!(
        "name: one\nquestion: Is it so?\nload: {{ clients: {clients}, messages: 3, interval: {delay} \
         }}\nrepeat: 10\nexpect:\n  - that: outcomes.ok == 3\n"
    );
    std::fs::write(scenarios.join("one.yaml"), one).unwrap();
    let file = folder.join("tiny.yaml");
    std::fs::write(&file, "name: tiny\nquestion: Does CI work?\nsuite: [one]\n").unwrap();
    file.to_str().unwrap().to_owned()
}

/// Runs a step with the real program, or all steps, on scripted hosts: real ones are disturbed
/// by other tests.
fn ci(folder: &Path, suite: &str, name: &str) -> Output {
    ci_with_script(folder, suite, name, "{}")
}

fn ci_with_script(folder: &Path, suite: &str, name: &str, script: &str) -> Output {
    let settings = [
        ("QUEUELAB", binary()),
        ("SUITE", suite),
        ("BACKEND", "fake"),
        ("QUEUELAB_FAKE_SCRIPT", script),
    ];
    step(folder, name, &settings)
}

/// Whether the last run is marked as good.
fn is_good(folder: &Path) -> bool {
    let suite = std::fs::read_to_string(folder.join("steps/suite")).unwrap();
    folder.join(suite.trim()).join("good").exists()
}

#[test]
fn a_suite_is_compared_with_the_last_good_run_and_a_failed_run_is_no_baseline() {
    let place = out_directory();
    let folder = place.path();
    let good = write_suite(folder, 3, "20ms");
    let first = ci(folder, &good, "");
    assert_eq!(
        first.status.code(),
        Some(0),
        "the first run has no baseline: {}",
        all_output(&first)
    );
    assert_eq!(annotations(&first), [""; 0], "{}", all_output(&first));
    let summary = take_summary(folder);
    assert!(summary.contains("✅ **Held: its one scenario.**"), "{summary}");
    assert!(summary.contains("No baseline: no good run"), "{summary}");

    let second = ci(folder, &good, "");
    assert_eq!(second.status.code(), Some(0), "{}", all_output(&second));
    let summary = take_summary(folder);
    assert!(summary.contains("# Comparison with the baseline: "), "{}", all_output(&second));
    // An inconclusive run, as on a busy machine, is no baseline.
    let is_conclusive = !summary.contains("# Comparison with the baseline: inconclusive");
    assert_eq!(is_good(folder), is_conclusive, "{}", all_output(&second));

    let bad = ci(folder, &write_suite(folder, 4, "20ms"), "");
    assert_eq!(bad.status.code(), Some(3), "{}", all_output(&bad));
    let annotations = annotations(&bad);
    assert_eq!(annotations.len(), 1, "one for all: {}", all_output(&bad));
    assert!(annotations[0].starts_with("::error title=queuelab tiny::FAILED: 1 of 1"));
    assert!(take_summary(folder).contains("❌ **FAILED: 1 of 1 scenario: one.**"));
    assert_eq!(set_outputs(folder)["verdict"], "failed");
    assert_eq!(set_outputs(folder)["exit-code"], "3");
    let run = folder.join(&set_outputs(folder)["run"]);
    assert!(run.join("junit.xml").is_file(), "{}", run.display());
    assert!(!is_good(folder), "{}", all_output(&bad));

    // Step by step, as in the workflow, and slower than the good runs.
    let slower = write_suite(folder, 3, "80ms");
    let name = ci(folder, &slower, "name");
    assert_eq!(set_outputs(folder)["name"], text(&name.stdout).trim());
    assert!(
        set_outputs(folder)["name"].starts_with("tiny-fake-local-"),
        "{:?}",
        set_outputs(folder)
    );
    assert_eq!(ci(folder, &slower, "run").status.code(), Some(0));
    let compared = ci(folder, &slower, "compare");
    // A baseline with other settings is reported, and is no failure.
    assert_eq!(compared.status.code(), Some(0), "{}", all_output(&compared));
    assert!(
        text(&compared.stdout).contains("load.interval: 20ms in the baseline, 80ms in the new run")
    );
    assert!(is_good(folder), "without a baseline, the run is good: {}", all_output(&compared));
    assert_eq!(ci(folder, &slower, "summary").status.code(), Some(0));
    assert!(take_summary(folder).contains("# Comparison with the baseline: no-baseline"));
}

#[test]
fn a_disturbed_suite_does_not_fail_and_is_no_baseline() {
    let place = out_directory();
    let folder = place.path();
    let suite = write_suite(folder, 3, "20ms");
    let disturbed = r#"{ "trials": [{ "load_ms": 1000, "other_cpus": 1.5 }] }"#;
    let output = ci_with_script(folder, &suite, "", disturbed);
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let printed = text(&output.stdout);
    let line = "inconclusive: the machine disturbed most trials of a scenario";
    assert!(printed.contains(line), "{printed}");
    let executions = std::fs::read_dir(folder.join("runs/one")).unwrap().next().unwrap().unwrap();
    let trials = std::fs::read_to_string(executions.path().join("trials.jsonl")).unwrap();
    assert_eq!(trials.lines().count(), 30, "each of ten trials was run again twice");
    let annotations = annotations(&output);
    assert_eq!(annotations.len(), 1, "{printed}");
    let annotation = "::warning title=queuelab tiny::Inconclusive: 1 of 1 scenario";
    assert!(annotations[0].starts_with(annotation), "{annotations:?}");
    assert_eq!(set_outputs(folder)["verdict"], "inconclusive");
    assert_eq!(set_outputs(folder)["exit-code"], "0");
    assert!(take_summary(folder).contains("⚠️ **Inconclusive: 1 of 1 scenario"));
    assert!(!is_good(folder), "{}", all_output(&output));
    let undisturbed = ci(folder, &suite, "");
    assert!(is_good(folder), "{}", all_output(&undisturbed));
}

#[test]
fn a_suite_that_cannot_start_fails_with_one_annotation() {
    let place = out_directory();
    let folder = place.path();
    write_suite(folder, 3, "20ms");
    let file = folder.join("tiny.yaml");
    std::fs::write(&file, "name: tiny\nquestion: Is it there?\nsuite: [absent]\n").unwrap();
    let output = ci(folder, file.to_str().unwrap(), "");
    assert_ne!(output.status.code(), Some(0), "{}", all_output(&output));
    assert_eq!(annotations(&output).len(), 1, "{}", all_output(&output));
    assert!(take_summary(folder).contains("The suite did not start"));
    assert_eq!(set_outputs(folder)["verdict"], "not-run");
    assert_eq!(set_outputs(folder)["exit-code"], output.status.code().unwrap().to_string());
}

#[test]
fn a_missing_run_is_reported() {
    let place = out_directory();
    let folder = place.path();
    let output = ci(folder, "tiny.yaml", "summary");
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    assert_eq!(annotations(&output).len(), 1, "{}", all_output(&output));
    assert!(take_summary(folder).contains("The suite did not start"));
    assert_eq!(ci(folder, "tiny.yaml", "compare").status.code(), Some(1));
}
