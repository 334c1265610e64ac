//! Steps after a comparison with each result.

use std::path::Path;
use std::process::Output;

use super::step::{annotations, comparison, set_outputs, step, take_summary, write_program};
use crate::support::{all_output, out_directory};

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
        let verdict = match (exit, accept) {
            (0, true) => "accepted",
            (0, false) if code == 2 => "no-baseline",
            _ => verdict,
        };
        assert_eq!(set_outputs(folder)["verdict"], verdict, "{at}");
        assert_eq!(set_outputs(folder)["exit-code"], exit.to_string(), "{at}");
        assert_eq!(set_outputs(folder)["run"], "runs/nightly/2", "{at}");
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
fn a_run_directory_whose_name_would_set_another_output_is_refused() {
    let place = out_directory();
    let folder = place.path();
    write_program(folder, 0, &comparison("held"));
    steps_after_run(folder, false);
    std::fs::remove_file(folder.join("output")).unwrap();
    std::fs::write(folder.join("steps/suite"), "runs/nightly/2\nverdict=held\n").unwrap();
    let output = step(folder, "summary", &[]);
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(all_output(&output).contains("has a line break"), "{}", all_output(&output));
    assert!(!folder.join("output").exists(), "{:?}", set_outputs(folder));
}
