//! A suite's files, and two suites held against each other.

mod runs;

use std::fs;
use std::path::{Path, PathBuf};

use report::{Conclusion, Criteria, Suite, SuiteComparison, Verdict, compare_suites};
use run_record::{
    MemberRecord, MemberVerdict, RunDirectory, RunRecord, SuiteDirectory, SuiteRecord, TrialRecord,
};
use serde_json::{Value, json};

/// A folder of runs made from one that is kept, and suites of them.
struct Made(tempfile::TempDir);

impl Made {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// The kept run under another name, so often, with its trials changed.
    fn run(&self, name: &str, repeat: u32, change: fn(&mut TrialRecord)) -> MemberRecord {
        let (mut record, mut kept) = runs::kept("sweep");
        kept.retain(|trial| trial.repetition == 0);
        kept.sort_by_key(|trial| trial.cell);
        kept.truncate(2);
        record.scenario.name = name.to_owned();
        record.scenario.resolved["name"] = json!(name);
        record.scenario.resolved["repeat"] = json!(repeat);
        record.planned_trials = repeat * 2;
        for axis in &mut record.axes {
            axis.values.retain(|value| kept.iter().any(|trial| trial.point[&axis.path] == *value));
        }
        let mut directory = RunDirectory::create(self.0.path(), &record).unwrap();
        let mut held = true;
        for id in 0..repeat * 2 {
            let mut trial = kept[(id % 2) as usize].clone();
            (trial.id, trial.repetition) = (id, id / 2);
            trial.rates.delivered *= 1.0 + 0.001 * f64::from(id);
            change(&mut trial);
            held &= trial.held();
            directory.append(&trial).unwrap();
        }
        MemberRecord {
            scenario: name.to_owned(),
            verdict: if held { MemberVerdict::Held } else { MemberVerdict::Failed },
            run: Some(SuiteDirectory::way_to(directory.path())),
            problem: None,
            seconds: 1.5,
            trials: repeat * 2,
        }
    }

    fn suite(&self, members: Vec<MemberRecord>) -> PathBuf {
        let RunRecord { started, tool, machine, backend, ended, .. } = runs::kept("sweep").0;
        let record = SuiteRecord {
            schema_version: 2,
            suite: "night".to_owned(),
            question: "Is it as it was?".to_owned(),
            started,
            ended,
            tool,
            machine,
            backend,
            members,
        };
        SuiteDirectory::create(self.0.path(), &record).unwrap().path().to_owned()
    }
}

fn not_run(name: &str) -> MemberRecord {
    MemberRecord {
        scenario: name.to_owned(),
        verdict: MemberVerdict::NotRun,
        run: None,
        problem: Some("failed to make a testbed: <no> | room".to_owned()),
        seconds: 0.0,
        trials: 0,
    }
}

fn same(_: &mut TrialRecord) {}

fn broken(trial: &mut TrialRecord) {
    trial.laws[0].held = Some(false);
}

fn another_law(trial: &mut TrialRecord) {
    trial.laws[0].predicted += 1.0;
}

fn slower(trial: &mut TrialRecord) {
    trial.rates.delivered *= 0.5;
}

fn written(suite: &Path) -> (String, String) {
    let files = Suite::read(suite).unwrap().files();
    let text = |name: &str| {
        let found = files.iter().find(|(found, _)| found == name).unwrap();
        String::from_utf8(found.1.clone()).unwrap()
    };
    (text("summary.md"), text("junit.xml"))
}

#[test]
fn a_suites_summary_has_all_in_a_table_and_what_failed_first() {
    let made = Made::new();
    let members = vec![made.run("good", 1, same), made.run("bad", 1, broken), not_run("never"), {
        let gone = made.run("gone", 1, same);
        fs::remove_dir_all(made.0.path().join("gone")).unwrap();
        gone
    }];
    let path = made.suite(members);
    let (summary, junit) = written(&path);
    assert_eq!((summary.clone(), junit.clone()), written(&path), "every time the same");
    assert!(summary.contains("❌ **FAILED: 3 of 4 scenarios: bad, never, gone.**"), "{summary}");
    let at = |text: &str| summary.find(text).unwrap_or_else(|| panic!("{text}: {summary}"));
    assert!(at("| scenario |") < at("## bad:") && at("## bad:") < at("## never"));
    assert!(at("## never") < at("## good:") && at("## gone") < at("## good:"));
    assert!(summary.contains("&lt;no&gt; \\| room"), "no markup of a problem's own: {summary}");

    let suites = roxmltree::Document::parse(&junit).unwrap();
    let root = suites.root_element();
    let attribute = |name| root.attribute(name).unwrap();
    assert_eq!((attribute("failures"), attribute("errors")), ("2", "2"), "{junit}");
    let names = root.children().filter_map(|suite| suite.attribute("name"));
    assert_eq!(names.collect::<Vec<_>>(), ["good", "bad", "never", "gone"]);
    let terminal = Suite::read(&path).unwrap().summary();
    assert!(terminal.contains(&format!("Suite's directory: {}", path.display())), "{terminal}");
    assert!(!terminal.contains("../"), "{terminal}");
    let annotation = Suite::read(&path).unwrap().annotation().unwrap();
    assert_eq!(annotation.matches("::error ").count(), 1, "{annotation}");
}

/// What a person sees of `junit.xml` on a job's page, without a download.
#[test]
fn each_case_that_did_not_hold_at_once_is_in_a_table_the_worst_first() {
    let made = Made::new();
    let mut flaky = made.run("flaky", 1, broken);
    flaky.verdict = MemberVerdict::Held;
    let path = made.0.path().join("night/x").join(flaky.run.as_ref().unwrap());
    fs::create_dir_all(made.0.path().join("night/x")).unwrap();
    let trials = RunDirectory::read(&path).unwrap().1;
    let mut lines = fs::read_to_string(path.join("trials.jsonl")).unwrap();
    for mut trial in trials {
        trial.retry = 1;
        trial.expectations.clear();
        trial.laws.clear();
        assert!(trial.held());
        lines += &format!("{}\n", serde_json::to_string(&trial).unwrap());
    }
    fs::write(path.join("trials.jsonl"), lines).unwrap();
    fs::remove_dir_all(made.0.path().join("night")).unwrap();
    let good = made.suite(vec![made.run("good", 1, same)]);
    assert!(!written(&good).0.contains("| case |"), "{}", written(&good).0);

    let bad = made.run("bad", 30, broken);
    let members = vec![flaky, made.run("good", 1, same), not_run("never"), bad];
    let (summary, junit) = written(&made.suite(members));
    let table = summary.split("| scenario | case |").nth(1).unwrap_or_else(|| panic!("{summary}"));
    let rows: Vec<_> = table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    let begins = |row: &&str| row.split(" | ").next().unwrap().trim_start_matches("| ").to_owned();
    let of: Vec<_> = rows.iter().map(begins).collect();
    assert_eq!(of, ["bad", "bad", "never", "flaky", "flaky"], "{rows:#?}");
    for (row, how) in
        rows.iter().zip(["❌ failed", "❌ failed", "❌ error", "⚠️ flaky", "⚠️ flaky"])
    {
        assert!(row.contains(&format!(" | {how} | ")), "{row}");
    }
    assert!(rows[2].contains("the run as a whole"), "{}", rows[2]);
    let counted = |of: &str| junit.matches(of).count();
    assert_eq!((counted("<failure "), counted("<error "), counted("<flakyFailure ")), (2, 1, 2));

    let members = (0..50).map(|n| not_run(&format!("never-{n}"))).collect();
    let (summary, _) = written(&made.suite(members));
    assert!(summary.contains("\n… and 10 more, in `junit.xml`.\n"), "{summary}");
}

#[test]
fn a_summary_of_many_scenarios_fits_and_says_what_was_left_out() {
    let made = Made::new();
    let grow = |name: &str| {
        let member = made.run(name, 1, same);
        // Long tables: 200 by 20 cells of one trial each.
        let path = made.0.path().join("night/x").join(member.run.as_ref().unwrap());
        fs::create_dir_all(made.0.path().join("night/x")).unwrap();
        let (mut record, mut trials) = RunDirectory::read(&path).unwrap();
        record.axes = vec![
            run_record::Axis { path: "a".to_owned(), values: (0..200).map(Value::from).collect() },
            run_record::Axis { path: "b".to_owned(), values: (0..20).map(Value::from).collect() },
        ];
        record.planned_trials = 200 * 20;
        trials[0].point = [("a".to_owned(), json!(0)), ("b".to_owned(), json!(0))].into();
        fs::write(path.join("run.json"), serde_json::to_vec(&record).unwrap()).unwrap();
        let line = serde_json::to_string(&trials[0]).unwrap();
        fs::write(path.join("trials.jsonl"), line + "\n").unwrap();
        member
    };
    let members: Vec<_> = (0..24).map(|n| grow(&format!("long-{n}"))).collect();
    fs::remove_dir_all(made.0.path().join("night")).unwrap();
    let (summary, _) = written(&made.suite(members));
    assert!(summary.len() > 600_000 && summary.len() < 1 << 20, "{}", summary.len());
    assert!(summary.contains("## long-23:"), "each is told");
    assert!(summary.contains("Left out, as there is no room here: the figures of"));
}

fn compared(base: &Path, new: &Path, laws: bool) -> SuiteComparison {
    let (base, new) = (Suite::read(base).unwrap(), Suite::read(new).unwrap());
    compare_suites(&base, &new, &Criteria::default(), laws)
}

fn judged(base: &Path, new: &Path, laws: bool) -> Verdict {
    match compared(base, new, laws).conclusion() {
        Conclusion::Judged(verdict) => verdict,
        Conclusion::Failed => panic!("{}", compared(base, new, laws).written()),
    }
}

#[test]
fn a_suite_is_as_good_as_its_worst_scenario() {
    let made = Made::new();
    let pair = |few: fn(&mut TrialRecord), many: fn(&mut TrialRecord)| {
        made.suite(vec![made.run("few", 1, few), made.run("many", 12, many)])
    };
    let base = pair(same, same);
    assert_eq!(judged(&base, &pair(same, same), false), Verdict::Held);
    // What was not to be measured is not: one trial says nothing of rates.
    assert_eq!(judged(&base, &pair(slower, same), false), Verdict::Held);
    assert_eq!(judged(&base, &pair(same, slower), false), Verdict::Regressed);
    assert_eq!(judged(&base, &pair(another_law, same), false), Verdict::Regressed);
    assert_eq!(compared(&base, &pair(broken, same), false).conclusion(), Conclusion::Failed);
    // By laws and checks alone.
    assert_eq!(judged(&base, &pair(same, slower), true), Verdict::Held);
    assert_eq!(judged(&base, &pair(same, another_law), true), Verdict::Regressed);
    assert_eq!(compared(&base, &pair(same, broken), true).conclusion(), Conclusion::Failed);
}

#[test]
fn a_scenario_that_one_suite_lacks_is_told() {
    let made = Made::new();
    let both = made.suite(vec![made.run("one", 1, same), made.run("other", 1, same)]);
    let first = made.suite(vec![made.run("one", 1, same)]);
    let failed = made.suite(vec![made.run("one", 1, same), not_run("other")]);
    assert_eq!(judged(&first, &both, false), Verdict::NoBaseline);
    assert_eq!(judged(&first, &both, true), Verdict::Held, "more laws than the baseline has");
    assert_eq!(judged(&both, &first, true), Verdict::Inconclusive, "fewer, and it is said");
    assert!(compared(&both, &first, true).written().contains("it is in the baseline alone"));
    assert_eq!(judged(&both, &failed, true), Verdict::Inconclusive);
    assert!(compared(&both, &failed, true).written().contains("it was not run: failed to make"));
}

#[test]
fn for_a_summary_the_worst_come_first_and_for_programs_all_are_there() {
    let made = Made::new();
    let base = made.suite(vec![made.run("few", 1, same), made.run("many", 12, same)]);
    let new = made.suite(vec![made.run("few", 1, same), made.run("many", 12, slower)]);
    let comparison = compared(&base, &new, false);
    let markdown = comparison.markdown();
    let at = |text: &str| markdown.find(text).unwrap_or_else(|| panic!("{text}: {markdown}"));
    assert!(at("# Against the baseline: regressed") < at("| many | ❌ regressed"));
    assert!(at("| many |") < at("| few |") && at("## many") < at("| delivered |"));
    assert!(!markdown.contains("## few") && markdown.len() < 20_000);

    let json = comparison.json();
    assert_eq!((&json["kind"], &json["verdict"]), (&json!("suite"), &json!("regressed")));
    let many = &json["members"][1]["comparison"];
    assert_eq!((&many["scope"], &many["verdict"]), (&json!("all"), &json!("regressed")));
    let figures = many["figures"].as_array().unwrap();
    let delivered = figures.iter().find(|figure| figure["figure"] == "delivered").unwrap();
    assert_eq!(delivered["trials"], json!({ "baseline": 12, "new": 12 }));
    assert!((delivered["median_ratio"].as_f64().unwrap() - 0.5).abs() < 1e-9, "{delivered}");
    assert_eq!((&delivered["delta"], &delivered["verdict"]), (&json!(-1.0), &json!("regressed")));
    assert!(delivered["p"].as_f64().unwrap() < 0.05 && delivered["ratio_interval"].is_array());
    assert_eq!(json["members"][0]["comparison"]["scope"], "laws");
}

#[test]
fn a_member_whose_run_is_not_whole_or_did_not_hold_failed_whatever_the_record_says() {
    let made = Made::new();
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
    let summary = suite.summary();
    assert!(summary.contains("FAILED: 4 of 5 scenarios: short, unended, empty, bad."), "{summary}");
    let annotation = suite.annotation().unwrap();
    assert!(annotation.contains("%0Ashort: 2 of 3 trials were run"), "{annotation}");
    assert!(annotation.contains("%0Aempty: no trial was run"), "{annotation}");
}

#[test]
fn what_broke_off_says_why_and_keeps_what_failed_before() {
    let made = Made::new();
    let mut broken_off = made.run("part", 1, broken);
    broken_off.verdict = MemberVerdict::NotRun;
    broken_off.problem = Some("failed to make a testbed".to_owned());
    let path = made.suite(vec![broken_off]);
    let annotation = Suite::read(&path).unwrap().annotation().unwrap();
    assert!(annotation.contains("part: failed to make a testbed"), "{annotation}");
    let (summary, junit) = written(&path);
    assert!(summary.contains("FAILED: 2 of ") && junit.contains("<failure "), "{summary}{junit}");
}

#[test]
fn a_suite_of_nothing_did_not_hold() {
    let made = Made::new();
    let path = made.suite(Vec::new());
    let suite = Suite::read(&path).unwrap();
    assert!(written(&path).0.contains("❌ **FAILED: it has no scenarios.**"));
    assert!(suite.annotation().unwrap().starts_with("::error "));
}
