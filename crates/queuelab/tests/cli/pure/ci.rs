//! `queuelab ci` as the workflows call it: a suite with one scenario that takes no time,
//! steps with a program of the test's own, and the summaries of the smoke runs.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{binary, out_directory, said, text, write_script};

/// A suite of a scenario that holds where `clients` is 3, ten times.
fn suite(folder: &Path, clients: u32, delay: &str) -> String {
    let scenarios = folder.join("scenarios");
    std::fs::create_dir_all(&scenarios).unwrap();
    let one = format!(
        "name: one\nquestion: Is it so?\nload: {{ clients: {clients}, messages: 3, interval: {delay} \
         }}\nrepeat: 10\nexpect:\n  - that: outcomes.ok == 3\n"
    );
    std::fs::write(scenarios.join("one.yaml"), one).unwrap();
    let file = folder.join("tiny.yaml");
    std::fs::write(&file, "name: tiny\nquestion: Does the night work?\nsuite: [one]\n").unwrap();
    file.to_str().unwrap().to_owned()
}

/// A step with the program itself, or all of them.
fn ci(folder: &Path, suite: &str, name: &str) -> Output {
    let output = folder.join("output");
    let output = output.to_str().unwrap();
    step(folder, name, &[("QUEUELAB", binary()), ("SUITE", suite), ("GITHUB_OUTPUT", output)])
}

/// Annotations among what a step printed.
fn annotations(output: &Output) -> Vec<String> {
    let out = text(&output.stdout);
    let is_one = |line: &&str| line.starts_with("::error") || line.starts_with("::warning");
    out.lines().filter(is_one).map(str::to_owned).collect()
}

/// The text that the steps added to the job's summary.
fn summary(folder: &Path) -> String {
    let path = folder.join("summary.md");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(path).unwrap();
    assert!(text.len() < 1 << 20, "GitHub takes no more");
    text
}

/// Whether the last run may be a baseline.
fn is_good(folder: &Path) -> bool {
    let suite = std::fs::read_to_string(folder.join("steps/suite")).unwrap();
    folder.join(suite.trim()).join("good").exists()
}

#[test]
fn kernel_suite_is_compared_with_its_last_good_run_and_a_failed_run_is_no_baseline() {
    let place = out_directory();
    let folder = place.path();
    let good = suite(folder, 3, "20ms");
    let first = ci(folder, &good, "");
    assert_eq!(first.status.code(), Some(0), "the first night has no baseline: {}", said(&first));
    assert_eq!(annotations(&first), [""; 0], "{}", said(&first));
    let told = summary(folder);
    assert!(told.contains("✅ **Held: its one scenario.**"), "{told}");
    assert!(told.contains("No baseline: no good run"), "{told}");

    let second = ci(folder, &good, "");
    assert_eq!(second.status.code(), Some(0), "{}", said(&second));
    let told = summary(folder);
    assert!(told.contains("# Comparison with the baseline: "), "{}", said(&second));
    // A busy machine may leave it undecided: then it is no baseline.
    let decided = !told.contains("# Comparison with the baseline: inconclusive");
    assert_eq!(is_good(folder), decided, "{}", said(&second));

    let bad = ci(folder, &suite(folder, 4, "20ms"), "");
    assert_eq!(bad.status.code(), Some(3), "{}", said(&bad));
    let annotations = annotations(&bad);
    assert_eq!(annotations.len(), 1, "one for all: {}", said(&bad));
    assert!(annotations[0].starts_with("::error title=queuelab tiny::FAILED: 1 of 1"));
    assert!(summary(folder).contains("❌ **FAILED: 1 of 1 scenario: one.**"));
    assert!(!is_good(folder), "{}", said(&bad));

    // Step by step, as the workflow does it; and slower than the good ones.
    let slower = suite(folder, 3, "80ms");
    let name = ci(folder, &slower, "name");
    let outputs = std::fs::read_to_string(folder.join("output")).unwrap();
    assert_eq!(outputs.trim(), format!("name={}", text(&name.stdout).trim()));
    assert!(outputs.starts_with("name=tiny-netns-local-"), "{outputs}");
    assert_eq!(ci(folder, &slower, "run").status.code(), Some(0));
    let compared = ci(folder, &slower, "compare");
    // Of other settings, and so no baseline: told, and no failure.
    assert_eq!(compared.status.code(), Some(0), "{}", said(&compared));
    assert!(
        text(&compared.stdout).contains("load.interval: 20ms in the baseline, 80ms in the new run")
    );
    assert!(is_good(folder), "there is nothing to lose: {}", said(&compared));
    assert_eq!(ci(folder, &slower, "summary").status.code(), Some(0));
    assert!(summary(folder).contains("# Comparison with the baseline: no-baseline"));
}

#[test]
fn suite_that_cannot_start_fails_with_one_annotation() {
    let place = out_directory();
    let folder = place.path();
    suite(folder, 3, "20ms");
    let file = folder.join("tiny.yaml");
    std::fs::write(&file, "name: tiny\nquestion: Is it there?\nsuite: [absent]\n").unwrap();
    let output = ci(folder, file.to_str().unwrap(), "");
    assert_ne!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(annotations(&output).len(), 1, "{}", said(&output));
    assert!(summary(folder).contains("The suite did not start"));
}

/// A program whose comparison has that result, and which prints the file `annotation` for
/// an annotation.
fn program(folder: &Path, code: i32, json: &str) {
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

/// The JSON of a comparison, as the program writes it.
fn comparison(verdict: &str) -> String {
    format!("{{\n  \"kind\": \"suite\",\n  \"verdict\": \"{verdict}\",\n  \"members\": []\n}}")
}

/// A step, with that program where `settings` name no other.
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

/// The steps after the run, of a run that went well.
fn after_the_run(folder: &Path, accept: bool) -> [Output; 2] {
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
fn regression_fails_unless_it_is_accepted_and_a_broken_baseline_fails_nothing() {
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
        program(folder, code, &comparison(verdict));
        let outputs = after_the_run(folder, accept);
        let told = outputs.each_ref().map(said).join(" ");
        let at = format!("{code}, {verdict}, accept {accept}: {told}");
        assert_eq!(outputs[0].status.code(), Some(exit), "{at}");
        assert_eq!(folder.join("runs/nightly/2/good").exists(), good, "{at}");
        assert_eq!(annotations(&outputs[1]).len(), errors, "{at}");
        let told = summary(folder);
        assert!(told.starts_with(first), "{at}: {told}");
        assert_eq!(told.contains("    its error"), code == 2, "{at}: {told}");
        let stays = told.contains("the next run is compared with the same baseline");
        assert_eq!(stays, exit == 0 && !good, "{at}: {told}");
    }
}

/// A new scenario without a baseline does not hide an undecided one.
#[test]
fn run_with_an_undecided_part_is_no_baseline() {
    let place = out_directory();
    let json = comparison("no-baseline")
        .replace("[]", "[\n    {\n      \"verdict\": \"inconclusive\"\n    }\n  ]");
    program(place.path(), 6, &json);
    let [compared, _] = after_the_run(place.path(), false);
    assert_eq!(compared.status.code(), Some(0), "{}", said(&compared));
    assert!(!place.path().join("runs/nightly/2/good").exists(), "{}", said(&compared));
}

/// A loss that was not decided is not what the next run is compared with.
#[test]
fn runs_are_compared_with_the_last_decided_one() {
    let place = out_directory();
    let folder = place.path();
    let mut baselines = Vec::new();
    for (night, code, verdict) in [
        ("1", 6, "no-baseline"),
        ("2", 0, "held"),
        ("3", 6, "inconclusive"),
        ("4", 6, "inconclusive"),
        ("5", 4, "regressed"),
        ("6", 6, "improved"),
        ("7", 0, "held"),
    ] {
        program(folder, code, &comparison(verdict));
        let output = step(folder, "", &[("NEXT", night)]);
        assert_eq!(output.status.code(), Some(if code == 4 { 4 } else { 0 }), "{}", said(&output));
        let told = summary(folder);
        let base = told.lines().find_map(|line| line.strip_prefix("the comparison runs/nightly/"));
        baselines.push(base.unwrap_or("none").to_owned());
    }
    assert_eq!(baselines, ["none", "1", "2", "2", "2", "2", "6"]);
}

#[test]
fn run_that_left_nothing_is_reported() {
    let place = out_directory();
    let folder = place.path();
    let output = ci(folder, "tiny.yaml", "summary");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(annotations(&output).len(), 1, "{}", said(&output));
    assert!(summary(folder).contains("The suite did not start"));
    assert_eq!(ci(folder, "tiny.yaml", "compare").status.code(), Some(1));
}

/// A `gh` that knows the runs 9, 8 and 7, of which the second is the last good one,
/// and writes down what it is asked.
fn github(folder: &Path, name: &str) -> String {
    let gh = format!(
        r#"#!/bin/sh
echo "$*" >>asked
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
fn earlier_run_that_is_not_good_is_no_baseline() {
    let place = out_directory();
    let folder = place.path();
    let name = text(&step(folder, "name", &[]).stdout).trim().to_owned();
    let path = github(folder, &name);
    let settings = [("PATH", path.as_str()), ("BASELINE", "last-good")];
    let found = step(folder, "baseline", &settings);
    assert!(text(&found.stdout).contains("of run 8"), "{}", said(&found));
    assert!(!folder.join("last-good/nightly/9").exists(), "nothing of it is left");
    let asked = || {
        let asked = std::fs::read_to_string(folder.join("asked")).unwrap();
        std::fs::remove_file(folder.join("asked")).unwrap();
        asked
    };
    let by_default = asked();
    assert!(by_default.contains("run list --workflow nightly.yml --branch main"), "{by_default}");
    assert!(by_default.contains("!= \"pull_request\""), "a fork may call its branch main");

    let of_another = [("WORKFLOW", "ci.yml"), ("BRANCH", "stable")];
    step(folder, "baseline", &[&settings[..], &of_another].concat());
    assert!(asked().starts_with("run list --workflow ci.yml --branch stable"));
}

#[test]
fn all_steps_have_one_annotation() {
    let warning = "::warning title=queuelab nightly::Held%0Atrial 3 held when run again";
    // What the program says by itself, and what a comparison does.
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
        program(folder, code, &comparison("held"));
        std::fs::write(folder.join("annotation"), own).unwrap();
        // What the baseline's step could not fetch is there all the same.
        let earlier = folder.join("earlier/nightly/1");
        std::fs::create_dir_all(&earlier).unwrap();
        let path = github(folder, "-");
        let settings = [("PATH", path.as_str()), ("BROKEN", "yes"), ("NEXT", "2")];
        let name = text(&step(folder, "name", &[]).stdout).trim().to_owned();
        let mut all = Vec::new();
        let asked = step(folder, "baseline", &[&settings[..], &[("BASELINE", "none")]].concat());
        assert_eq!(asked.status.code(), Some(0), "{}", said(&asked));
        std::fs::write(earlier.join("suite.json"), "{}").unwrap();
        std::fs::write(earlier.join("good"), name).unwrap();
        all.push(asked);
        for name in ["run", "compare", "summary"] {
            all.push(step(folder, name, &[&settings[..], &[("BASELINE", "earlier")]].concat()));
        }
        let told: Vec<_> = all.iter().map(said).collect();
        let found: Vec<_> = all.iter().flat_map(annotations).collect();
        assert_eq!(found.len(), 1, "{told:#?}");
        assert!(found[0].starts_with(level), "{found:?}");
        let body = found[0].splitn(3, "::").nth(2).unwrap();
        let is: Vec<_> = body.split("%0A").collect();
        assert_eq!(is.len(), lines.len(), "{is:?}");
        for (is, begins) in is.iter().zip(lines) {
            assert!(is.starts_with(begins), "{is:?}");
        }
        let summary = summary(folder);
        assert!(summary.starts_with("Earlier runs could not be listed"), "{summary}");
    }
}

#[test]
fn smoke_run_is_reported_as_far_as_it_came() {
    let place = out_directory();
    let told = || {
        let mut command = Command::new(binary());
        let output = command.args(["ci", "smoke"]).arg(place.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        text(&output.stdout).to_owned()
    };
    let none = told();
    assert!(none.contains("under netns did not start"), "{none}");
    assert!(none.contains("under docker did not start"), "{none}");
    let run = place.path().join("netns/smoke/2026-01-01T00-00-00Z");
    std::fs::create_dir_all(&run).unwrap();
    let begun = told();
    assert!(begun.contains("under netns started but did not finish"), "{begun}");
    std::fs::write(run.join("summary.md"), "# smoke: FAILED\n").unwrap();
    let failed = told();
    assert!(failed.starts_with("# smoke: FAILED\n"), "{failed}");
    assert!(!failed.contains("netns") && failed.contains("docker did not start"), "{failed}");
}
