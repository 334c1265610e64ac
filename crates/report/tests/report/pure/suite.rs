//! The files of a suite.

use std::fs;
use std::path::Path;

use report::Suite;
use run_record::{MemberRecord, MemberVerdict, RunDirectory, RunRecord};
use run_view::Screen;
use serde_json::json;

use crate::suites::{DerivedRuns, broken, not_run, same, skipped};

fn files_of(suite: &Path) -> (String, String) {
    let files = Suite::read(suite).unwrap().files();
    let text = |name: &str| {
        let found = files.iter().find(|(found, _)| found == name).unwrap();
        String::from_utf8(found.1.clone()).unwrap()
    };
    (text("summary.md"), text("junit.xml"))
}

#[test]
fn the_summary_of_a_suite_has_all_scenarios_and_failed_ones_first() {
    let made = DerivedRuns::new();
    let members = vec![made.run("good", 1, same), made.run("bad", 1, broken), not_run("never"), {
        let removed = made.run("gone", 1, same);
        fs::remove_dir_all(made.0.path().join("gone")).unwrap();
        removed
    }];
    let path = made.suite(members);
    let (summary, junit) = files_of(&path);
    assert_eq!((summary.clone(), junit.clone()), files_of(&path), "the same every time");
    assert!(summary.contains("❌ **FAILED: 3 of 4 scenarios: bad, never, gone.**"), "{summary}");
    let at = |text: &str| summary.find(text).unwrap_or_else(|| panic!("{text}: {summary}"));
    assert!(at("| scenario |") < at("## bad:") && at("## bad:") < at("## never"));
    assert!(at("## never") < at("## good:") && at("## gone") < at("## good:"));
    assert!(summary.contains("&lt;no&gt; \\| room"), "the problem is escaped: {summary}");

    let suites = roxmltree::Document::parse(&junit).unwrap();
    let root = suites.root_element();
    let attribute = |name| root.attribute(name).unwrap();
    assert_eq!((attribute("failures"), attribute("errors")), ("2", "2"), "{junit}");
    let names = root.children().filter_map(|suite| suite.attribute("name"));
    assert_eq!(names.collect::<Vec<_>>(), ["good", "bad", "never", "gone"]);
    let terminal = Suite::read(&path).unwrap().summary(Screen::FILE);
    let terminal = terminal.as_str();
    assert!(terminal.contains(&format!("Suite directory: {}", path.display())), "{terminal}");
    assert!(!terminal.contains("../"), "{terminal}");
    let answer = "With clients 50, 36 of 50 attempts succeeded (72 %); ";
    assert!(terminal.contains(&format!("\ngood: {answer}")), "{terminal}");
    assert!(summary.contains(&format!("| {answer}")), "{summary}");
    assert!(!terminal.contains("\nnever: ") && !terminal.contains("\ngone: "), "{terminal}");
    let annotation = Suite::read(&path).unwrap().annotation().unwrap();
    assert_eq!(annotation.matches("::error ").count(), 1, "{annotation}");
}

#[test]
fn a_scenario_that_the_machine_cannot_run_is_no_failure_in_any_file() {
    let made = DerivedRuns::new();
    let path = made.suite(vec![made.run("good", 1, same), skipped("nginx")]);
    let (summary, junit) = files_of(&path);
    assert!(summary.contains("Held: 1 of 2 scenarios; skipped: nginx."), "{summary}");
    assert!(summary.contains("⚠️ **skipped**: start"), "{summary}");
    assert!(!summary.contains('❌'), "{summary}");
    let document = roxmltree::Document::parse(&junit).unwrap();
    let attribute = |name| document.root_element().attribute(name).unwrap();
    assert_eq!((attribute("failures"), attribute("errors")), ("0", "0"), "{junit}");
    let mut cases = document.descendants().filter(|node| node.has_tag_name("skipped"));
    let reason = cases.next().and_then(|case| case.attribute("message"));
    assert_eq!(reason, Some("start `nginx`: it is not installed"), "{junit}");
    assert_eq!(Suite::read(&path).unwrap().annotation(), None);
}

/// GitHub does not show `junit.xml`: the summary has a table of it.
#[test]
fn cases_that_did_not_hold_at_first_are_listed_worst_first() {
    let made = DerivedRuns::new();
    let mut flaky = made.run("flaky", 1, broken);
    flaky.verdict = MemberVerdict::Held;
    let path = made.0.path().join("night/x").join(flaky.run.as_ref().unwrap());
    fs::create_dir_all(made.0.path().join("night/x")).unwrap();
    let (mut record, trials) = RunDirectory::read(&path).unwrap();
    record.retries = 1;
    fs::write(path.join("run.json"), serde_json::to_vec(&record).unwrap()).unwrap();
    let mut lines = fs::read_to_string(path.join("trials.jsonl")).unwrap();
    for mut trial in trials {
        trial.retry = 1;
        trial.laws[0].held = Some(true);
        assert!(trial.held());
        lines += &format!("{}\n", serde_json::to_string(&trial).unwrap());
    }
    fs::write(path.join("trials.jsonl"), lines).unwrap();
    fs::remove_dir_all(made.0.path().join("night")).unwrap();
    let good = made.suite(vec![made.run("good", 1, same)]);
    assert!(!files_of(&good).0.contains("| case |"), "{}", files_of(&good).0);

    let bad = made.run("bad", 30, broken);
    let members = vec![flaky, made.run("good", 1, same), not_run("never"), bad];
    let (summary, junit) = files_of(&made.suite(members));
    let table = summary.split("| scenario | case |").nth(1).unwrap_or_else(|| panic!("{summary}"));
    let rows: Vec<_> = table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    let begins = |row: &&str| row.split(" | ").next().unwrap().trim_start_matches("| ").to_owned();
    let of: Vec<_> = rows.iter().map(begins).collect();
    assert_eq!(of, ["bad", "bad", "never", "flaky", "flaky"], "{rows:#?}");
    for (row, status) in
        rows.iter().zip(["❌ failed", "❌ failed", "❌ error", "⚠️ flaky", "⚠️ flaky"])
    {
        assert!(row.contains(&format!(" | {status} | ")), "{row}");
    }
    assert!(rows[2].contains("the run as a whole"), "{}", rows[2]);
    let counted = |of: &str| junit.matches(of).count();
    // A case for each of the 30 repetitions of both cells.
    assert_eq!((counted("<failure "), counted("<error "), counted("<flakyFailure ")), (60, 1, 2));

    let members = (0..50).map(|n| not_run(&format!("never-{n}"))).collect();
    let (summary, _) = files_of(&made.suite(members));
    assert!(summary.contains("\n… and 10 more, in `junit.xml`.\n"), "{summary}");
}

#[test]
fn a_summary_of_many_scenarios_fits_and_lists_what_is_omitted() {
    let made = DerivedRuns::new();
    let grow = |name: &str| {
        let member = made.run(name, 1, same);
        // Long tables: 20 by 20 cells with long names.
        let path = made.0.path().join("night/x").join(member.run.as_ref().unwrap());
        fs::create_dir_all(made.0.path().join("night/x")).unwrap();
        let (mut record, mut trials) = RunDirectory::read(&path).unwrap();
        let axis = |path: &str| run_record::Axis {
            path: path.to_owned(),
            values: (0..20).map(|n| json!(format!("{n:0300}"))).collect(),
        };
        record.axes = vec![axis("a"), axis("b")];
        record.planned_trials = 20 * 20;
        let first = |path: &str| (path.to_owned(), json!("0".repeat(300)));
        trials[0].point = [first("a"), first("b")].into();
        fs::write(path.join("run.json"), serde_json::to_vec(&record).unwrap()).unwrap();
        let line = serde_json::to_string(&trials[0]).unwrap();
        fs::write(path.join("trials.jsonl"), line + "\n").unwrap();
        member
    };
    let members: Vec<_> = (0..24).map(|n| grow(&format!("long-{n}"))).collect();
    fs::remove_dir_all(made.0.path().join("night")).unwrap();
    let (summary, _) = files_of(&made.suite(members));
    assert!(summary.len() > 600_000 && summary.len() < 1 << 20, "{}", summary.len());
    assert!(summary.contains("## long-23:"), "each has a section");
    assert!(summary.contains("Omitted for lack of space: the tables of"));
}

#[test]
fn a_member_with_an_unfinished_or_failed_run_fails_despite_its_record() {
    let made = DerivedRuns::new();
    let changed = |member: &MemberRecord, change: fn(&mut RunRecord)| {
        fs::create_dir_all(made.0.path().join("night/x")).unwrap();
        let path = made.0.path().join("night/x").join(member.run.as_ref().unwrap());
        let mut record = RunDirectory::read(&path).unwrap().0;
        change(&mut record);
        fs::write(path.join("run.json"), serde_json::to_vec(&record).unwrap()).unwrap();
    };
    let short = made.run("short", 1, same);
    changed(&short, |record| record.planned_trials += 1);
    let unended = made.run("unended", 1, same);
    changed(&unended, |record| record.ended = None);
    let empty = made.run("empty", 0, same);
    let mut bad = made.run("bad", 1, broken);
    bad.verdict = MemberVerdict::Held;
    let path = made.suite(vec![made.run("good", 1, same), short, unended, empty, bad]);
    let suite = Suite::read(&path).unwrap();
    let summary = suite.summary(Screen::FILE);
    let summary = summary.as_str();
    assert!(summary.contains("FAILED: 4 of 5 scenarios: short, unended, empty, bad."), "{summary}");
    let annotation = suite.annotation().unwrap();
    assert!(annotation.contains("%0Ashort: 2 of 3 trials are recorded, without 2"), "{annotation}");
    assert!(annotation.contains("%0Aempty: no trial was run"), "{annotation}");
}

#[test]
fn an_aborted_member_reports_its_problem_and_earlier_failures() {
    let made = DerivedRuns::new();
    let mut aborted = made.run("part", 1, broken);
    aborted.verdict = MemberVerdict::NotRun;
    aborted.problem = Some("failed to make a testbed".to_owned());
    let path = made.suite(vec![aborted]);
    let annotation = Suite::read(&path).unwrap().annotation().unwrap();
    assert!(annotation.contains("part: failed to make a testbed"), "{annotation}");
    let (summary, junit) = files_of(&path);
    assert!(summary.contains("FAILED: 2 of ") && junit.contains("<failure "), "{summary}{junit}");
}

#[test]
fn an_empty_suite_fails() {
    let made = DerivedRuns::new();
    let path = made.suite(Vec::new());
    let suite = Suite::read(&path).unwrap();
    assert!(files_of(&path).0.contains("❌ **FAILED: it has no scenarios.**"));
    assert!(suite.annotation().unwrap().starts_with("::error "));
}
