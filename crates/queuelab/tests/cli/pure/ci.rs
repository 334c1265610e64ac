//! `queuelab ci` as the workflows call it: a suite with one short scenario, and steps that call
//! a script of the test.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{all_output, binary, out_directory, text, write_script};

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
    let output = folder.join("output");
    let settings = [
        ("QUEUELAB", binary()),
        ("SUITE", suite),
        ("BACKEND", "fake"),
        ("QUEUELAB_FAKE_SCRIPT", script),
        ("GITHUB_OUTPUT", output.to_str().unwrap()),
    ];
    step(folder, name, &settings)
}

/// The annotations in the output of a step.
fn annotations(output: &Output) -> Vec<String> {
    let out = text(&output.stdout);
    let is_one = |line: &&str| line.starts_with("::error") || line.starts_with("::warning");
    out.lines().filter(is_one).map(str::to_owned).collect()
}

/// Reads and removes the job's summary.
fn take_summary(folder: &Path) -> String {
    let path = folder.join("summary.md");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    assert!(text.len() < 1 << 20, "GitHub accepts no more");
    text
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
    assert!(!is_good(folder), "{}", all_output(&bad));

    // Step by step, as in the workflow, and slower than the good runs.
    let slower = write_suite(folder, 3, "80ms");
    let name = ci(folder, &slower, "name");
    let outputs = std::fs::read_to_string(folder.join("output")).unwrap();
    assert_eq!(outputs.trim(), format!("name={}", text(&name.stdout).trim()));
    assert!(outputs.starts_with("name=tiny-fake-local-"), "{outputs}");
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
}

/// Writes a script in place of the program: its comparison has this result, and its
/// annotation is the file `annotation`.
fn write_program(folder: &Path, code: i32, json: &str) {
    let program = folder.join("program");
    let text = format!(
        r#"#!/bin/sh
case "$*" in
compare*json) echo '{json}'; exit {code} ;;
compare*) echo "the comparison $2"; echo "its error" >&2; exit {code} ;;
run*)
    mkdir -p "runs/nightly/$NEXT"
    echo "{{}}" >"runs/nightly/$NEXT/suite.json"
    echo "the summary" >"runs/nightly/$NEXT/summary.md"
    ;;
report*) cat annotation 2>/dev/null ;;
esac
"#
    );
    write_script(&program, &text);
}

/// The JSON of a comparison, as the program prints it.
fn comparison(verdict: &str) -> String {
    let inconclusive = verdict == "inconclusive";
    format!(
        "{{\n  \"kind\": \"suite\",\n  \"verdict\": \"{verdict}\",\n  \
         \"inconclusive\": {inconclusive},\n  \"members\": []\n}}"
    )
}

/// Runs a step with the script, unless `settings` name another program.
fn step(folder: &Path, step: &str, settings: &[(&str, &str)]) -> Output {
    Command::new(binary())
        .arg("ci")
        .args((!step.is_empty()).then_some(step))
        .current_dir(folder)
        .env("QUEUELAB", folder.join("program"))
        .env("OUT", "runs")
        .env("STEPS", "steps")
        .env("GITHUB_STEP_SUMMARY", folder.join("summary.md"))
        .envs(settings.iter().copied())
        .output()
        .unwrap()
}

/// Runs the steps after a successful run.
fn steps_after_run(folder: &Path, accept: bool) -> [Output; 2] {
    for (file, text) in [
        ("steps/baseline", "runs/nightly/1\n"),
        ("steps/suite", "runs/nightly/2\n"),
        ("steps/run.code", "0\n"),
        ("runs/nightly/2/suite.json", "{}"),
        ("runs/nightly/2/summary.md", "the summary\n"),
    ] {
        let file = folder.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let accept = [("ACCEPT", if accept { "1" } else { "" })];
    ["compare", "summary"].map(|name| step(folder, name, &accept))
}

#[test]
fn a_regression_fails_unless_it_is_accepted_and_an_unusable_baseline_does_not_fail() {
    for (code, verdict, accept, exit, good, first, errors) in [
        (0, "held", false, 0, true, "the summary", 0),
        (6, "improved", false, 0, true, "the comparison", 0),
        (6, "no-baseline", false, 0, true, "the comparison", 0),
        (6, "inconclusive", false, 0, false, "the comparison", 0),
        (6, "inconclusive", true, 0, true, "Accepted", 0),
        (4, "regressed", false, 4, false, "the comparison", 1),
        (4, "regressed", true, 0, true, "Accepted", 0),
        (3, "failed", true, 3, false, "the comparison", 1),
        (2, "", false, 0, true, "No baseline: failed to compare with runs/nightly/1", 0),
    ] {
        let place = out_directory();
        let folder = place.path();
        write_program(folder, code, &comparison(verdict));
        let outputs = steps_after_run(folder, accept);
        let all = outputs.each_ref().map(all_output).join(" ");
        let at = format!("{code}, {verdict}, accept {accept}: {all}");
        assert_eq!(outputs[0].status.code(), Some(exit), "{at}");
        assert_eq!(folder.join("runs/nightly/2/good").exists(), good, "{at}");
        assert_eq!(annotations(&outputs[1]).len(), errors, "{at}");
        let summary = take_summary(folder);
        assert!(summary.starts_with(first), "{at}: {summary}");
        assert_eq!(summary.contains("    its error"), code == 2, "{at}: {summary}");
        let keeps_baseline = summary.contains("the next run is compared with the same baseline");
        assert_eq!(keeps_baseline, exit == 0 && !good, "{at}: {summary}");
    }
}

/// A new scenario without a baseline does not hide an inconclusive one.
#[test]
fn a_run_with_an_inconclusive_part_is_no_baseline() {
    let place = out_directory();
    let json = comparison("no-baseline").replace("false", "true");
    write_program(place.path(), 6, &json);
    let [compared, _] = steps_after_run(place.path(), false);
    assert_eq!(compared.status.code(), Some(0), "{}", all_output(&compared));
    assert!(!place.path().join("runs/nightly/2/good").exists(), "{}", all_output(&compared));
}

/// An inconclusive run may contain a regression, so the next run is not compared with it.
#[test]
fn a_run_is_compared_with_the_last_conclusive_one() {
    let place = out_directory();
    let folder = place.path();
    let mut baselines = Vec::new();
    for (number, code, verdict) in [
        ("1", 6, "no-baseline"),
        ("2", 0, "held"),
        ("3", 6, "inconclusive"),
        ("4", 6, "inconclusive"),
        ("5", 4, "regressed"),
        ("6", 6, "improved"),
        ("7", 0, "held"),
    ] {
        write_program(folder, code, &comparison(verdict));
        let output = step(folder, "", &[("NEXT", number)]);
        assert_eq!(
            output.status.code(),
            Some(if code == 4 { 4 } else { 0 }),
            "{}",
            all_output(&output)
        );
        let summary = take_summary(folder);
        let base =
            summary.lines().find_map(|line| line.strip_prefix("the comparison runs/nightly/"));
        baselines.push(base.unwrap_or("none").to_owned());
    }
    assert_eq!(baselines, ["none", "1", "2", "2", "2", "2", "6"]);
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

/// Writes a script in place of `gh`, and returns a PATH with it. It has the runs 9, 8 and 7, of
/// which 8 is the last good one, and logs its arguments.
fn write_gh(folder: &Path, name: &str) -> String {
    let gh = format!(
        r#"#!/bin/sh
echo "$*" >>log
case $1$2 in
repoview) [ -z "$BROKEN" ] || exit 1; echo main ;;
runlist) echo 9; echo 8; echo 7 ;;
rundownload)
    run=last-good/nightly/$3
    mkdir -p "$run"
    touch "$run/suite.json"
    [ "$3" = 9 ] || echo {name} >"$run/good"
    ;;
esac
"#
    );
    write_script(&folder.join("gh"), &gh);
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

#[test]
fn the_newest_good_run_of_the_branch_is_the_baseline() {
    let place = out_directory();
    let folder = place.path();
    let name = text(&step(folder, "name", &[]).stdout).trim().to_owned();
    let path = write_gh(folder, &name);
    let settings = [("PATH", path.as_str()), ("BASELINE", "last-good")];
    let found = step(folder, "baseline", &settings);
    assert!(text(&found.stdout).contains("of run 8"), "{}", all_output(&found));
    assert!(!folder.join("last-good/nightly/9").exists(), "a run that is not good is removed");
    let take_log = || {
        let log = std::fs::read_to_string(folder.join("log")).unwrap();
        std::fs::remove_file(folder.join("log")).unwrap();
        log
    };
    let by_default = take_log();
    assert!(by_default.contains("run list --workflow nightly.yml --branch main"), "{by_default}");
    assert!(by_default.contains("!= \"pull_request\""), "a fork may have a branch main");

    let other = [("WORKFLOW", "ci.yml"), ("BRANCH", "stable")];
    step(folder, "baseline", &[&settings[..], &other].concat());
    assert!(take_log().starts_with("run list --workflow ci.yml --branch stable"));
}

#[test]
fn all_steps_share_one_annotation() {
    let warning = "::warning title=queuelab nightly::Held%0Atrial 3 held on a retry";
    // The program's own annotation, and the exit code of a comparison.
    for (own, code, level, lines) in [
        ("", 0, "::warning", &["Earlier runs could not be listed"][..]),
        (warning, 0, "::warning", &["Held", "trial 3", "Earlier runs could not be listed"]),
        (warning, 4, "::error", &["regressed", "Held", "trial 3", "Earlier runs"]),
        (warning, 3, "::error", &["failed in the comparison", "Held", "trial 3", "Earlier"]),
        ("::error title=a::one", 4, "::error", &["regressed", "one", "Earlier runs"]),
        ("::error title=a::one", 3, "::error", &["one", "Earlier runs"]),
    ] {
        let place = out_directory();
        let folder = place.path();
        write_program(folder, code, &comparison("held"));
        std::fs::write(folder.join("annotation"), own).unwrap();
        // A local run may be a baseline although the baseline step failed.
        let earlier = folder.join("earlier/nightly/1");
        std::fs::create_dir_all(&earlier).unwrap();
        let path = write_gh(folder, "-");
        let settings = [("PATH", path.as_str()), ("BROKEN", "yes"), ("NEXT", "2")];
        let name = text(&step(folder, "name", &[]).stdout).trim().to_owned();
        let mut all = Vec::new();
        let listed = step(folder, "baseline", &[&settings[..], &[("BASELINE", "none")]].concat());
        assert_eq!(listed.status.code(), Some(0), "{}", all_output(&listed));
        std::fs::write(earlier.join("suite.json"), "{}").unwrap();
        std::fs::write(earlier.join("good"), name).unwrap();
        all.push(listed);
        for name in ["run", "compare", "summary"] {
            all.push(step(folder, name, &[&settings[..], &[("BASELINE", "earlier")]].concat()));
        }
        let outputs: Vec<_> = all.iter().map(all_output).collect();
        let found: Vec<_> = all.iter().flat_map(annotations).collect();
        assert_eq!(found.len(), 1, "{outputs:#?}");
        assert!(found[0].starts_with(level), "{found:?}");
        let body = found[0].splitn(3, "::").nth(2).unwrap();
        let actual: Vec<_> = body.split("%0A").collect();
        assert_eq!(actual.len(), lines.len(), "{actual:?}");
        for (line, start) in actual.iter().zip(lines) {
            assert!(line.starts_with(start), "{actual:?}");
        }
        let summary = take_summary(folder);
        assert!(summary.starts_with("Earlier runs could not be listed"), "{summary}");
    }
}
