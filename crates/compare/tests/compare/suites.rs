//! Suites compared.

use std::path::Path;

use compare::{Conclusion, Criteria, SuiteComparison, Verdict, compare_suites};
use report::Suite;
use run_record::{RunDirectory, RunRecord, TrialRecord};
use serde_json::json;

use crate::suite_fixture::{DerivedRuns, another_law, broken, not_run, same, skipped, slower};

fn compared(base: &Path, new: &Path, laws: bool) -> SuiteComparison {
    let (base, new) = (Suite::read(base).unwrap(), Suite::read(new).unwrap());
    compare_suites(&base, &new, &Criteria::default(), laws)
}

fn judged(base: &Path, new: &Path, laws: bool) -> Verdict {
    match compared(base, new, laws).conclusion() {
        Conclusion::Judged(verdict) => verdict,
        Conclusion::Failed => panic!("{}", compared(base, new, laws).text()),
    }
}

#[test]
fn a_suite_ends_like_its_worst_scenario() {
    let made = DerivedRuns::new();
    let pair = |few: fn(&mut TrialRecord), many: fn(&mut TrialRecord)| {
        made.suite(vec![made.run("few", 1, few), made.run("many", 12, many)])
    };
    let base = pair(same, same);
    assert_eq!(judged(&base, &pair(same, same), false), Verdict::Held);
    // Metrics of a scenario with one repetition are not compared.
    assert_eq!(judged(&base, &pair(slower, same), false), Verdict::Held);
    assert_eq!(judged(&base, &pair(same, slower), false), Verdict::Regressed);
    assert_eq!(judged(&base, &pair(another_law, same), false), Verdict::Regressed);
    assert_eq!(compared(&base, &pair(broken, same), false).conclusion(), Conclusion::Failed);
    // Only laws and checks.
    assert_eq!(judged(&base, &pair(same, slower), true), Verdict::Held);
    assert_eq!(judged(&base, &pair(same, another_law), true), Verdict::Regressed);
    assert_eq!(compared(&base, &pair(same, broken), true).conclusion(), Conclusion::Failed);
}

#[test]
fn a_scenario_that_only_one_suite_has_is_reported() {
    let made = DerivedRuns::new();
    let both = made.suite(vec![made.run("one", 1, same), made.run("other", 1, same)]);
    let first = made.suite(vec![made.run("one", 1, same)]);
    let failed = made.suite(vec![made.run("one", 1, same), not_run("other")]);
    assert_eq!(judged(&first, &both, false), Verdict::NoBaseline);
    assert_eq!(judged(&first, &both, true), Verdict::Held, "more laws than in the baseline");
    assert_eq!(judged(&both, &first, true), Verdict::Inconclusive, "fewer laws");
    assert!(compared(&both, &first, true).text().contains("only in the baseline"));
    assert_eq!(judged(&both, &failed, true), Verdict::Inconclusive);
    assert!(compared(&both, &failed, true).text().contains("not run: failed to make"));
}

#[test]
fn a_scenario_that_the_machine_cannot_run_changes_nothing() {
    let made = DerivedRuns::new();
    let one = || made.run("one", 1, same);
    let first = made.suite(vec![one()]);
    let both = made.suite(vec![one(), made.run("nginx", 1, same)]);
    let without = made.suite(vec![one(), skipped("nginx")]);
    for (base, how) in
        [(&without, "skipped, as in the baseline"), (&first, "skipped; not in the baseline")]
    {
        let comparison = compared(base, &without, false);
        assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::Held));
        assert!(!comparison.has_inconclusive_part());
        let text = comparison.text();
        assert!(
            text.contains(how) && text.contains("(1 of 2 scenarios held, 1 skipped)"),
            "{text}"
        );
    }
    assert_eq!(judged(&both, &without, false), Verdict::Inconclusive, "it was run before");
    assert_eq!(judged(&without, &both, false), Verdict::NoBaseline);
}

#[test]
fn a_new_scenario_does_not_hide_an_inconclusive_one() {
    let made = DerivedRuns::new();
    let base = made.suite(vec![made.run("one", 1, same), made.run("other", 1, same)]);
    let more = made.suite(vec![
        made.run("one", 1, same),
        made.run("other", 1, same),
        made.run("new", 1, same),
    ]);
    let exchanged = made.suite(vec![made.run("one", 1, same), made.run("new", 1, same)]);
    for (new, inconclusive) in [(&more, false), (&exchanged, true)] {
        let comparison = compared(&base, new, false);
        assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::NoBaseline));
        assert_eq!(comparison.has_inconclusive_part(), inconclusive);
        assert_eq!(comparison.json()["inconclusive"], inconclusive);
    }
}

/// Each suite would end `no-baseline` anyway, because of its new scenario.
#[test]
fn a_new_scenario_does_not_hide_an_undecided_law_or_an_unfinished_run() {
    let made = DerivedRuns::new();
    let base = made.suite(vec![made.run("one", 1, same)]);
    let with_new = |one, new| made.suite(vec![one, new]);
    let undecided = |trial: &mut TrialRecord| trial.laws[0].held = None;
    let unfinished = |name: &str| {
        let member = made.run(name, 1, same);
        let run = made.0.path().join(member.run.as_ref().unwrap().trim_start_matches("../"));
        let (record, _) = RunDirectory::read(&run).unwrap();
        let (directory, ..) = RunDirectory::resume(&run).unwrap();
        directory.write_run(&RunRecord { ended: None, ..record }).unwrap();
        member
    };
    for (part, new) in [
        ("an undecided law", with_new(made.run("one", 1, undecided), made.run("new", 1, same))),
        ("an unfinished run", with_new(unfinished("one"), made.run("new", 1, same))),
        ("an unfinished new run", with_new(made.run("one", 1, same), unfinished("new"))),
    ] {
        let comparison = compared(&base, &new, false);
        assert_eq!(comparison.conclusion(), Conclusion::Judged(Verdict::NoBaseline), "{part}");
        assert!(comparison.has_inconclusive_part(), "{part}: {}", comparison.text());
        assert_eq!(comparison.json()["inconclusive"], true, "{part}");
        assert_eq!(judged(&base, &new, true), Verdict::Inconclusive, "{part}, laws only");
    }
}

#[test]
fn markdown_lists_the_worst_first_and_json_has_everything() {
    let made = DerivedRuns::new();
    let base = made.suite(vec![made.run("few", 1, same), made.run("many", 12, same)]);
    let new = made.suite(vec![made.run("few", 1, same), made.run("many", 12, slower)]);
    let comparison = compared(&base, &new, false);
    let markdown = comparison.markdown();
    let at = |text: &str| markdown.find(text).unwrap_or_else(|| panic!("{text}: {markdown}"));
    assert!(at("# Comparison with the baseline: regressed") < at("| many | ❌ regressed"));
    assert!(at("| many |") < at("| few |") && at("## many") < at("| delivered |"));
    assert!(!markdown.contains("## few") && markdown.len() < 20_000);

    let json = comparison.json();
    assert_eq!((&json["kind"], &json["verdict"]), (&json!("suite"), &json!("regressed")));
    let many = &json["members"][1]["comparison"];
    assert_eq!((&many["scope"], &many["verdict"]), (&json!("all"), &json!("regressed")));
    let metrics = many["figures"].as_array().unwrap();
    let delivered = metrics.iter().find(|metric| metric["figure"] == "delivered").unwrap();
    assert_eq!(delivered["trials"], json!({ "baseline": 12, "new": 12 }));
    assert!((delivered["median_ratio"].as_f64().unwrap() - 0.5).abs() < 1e-9, "{delivered}");
    assert_eq!((&delivered["delta"], &delivered["verdict"]), (&json!(-1.0), &json!("regressed")));
    assert!(delivered["p"].as_f64().unwrap() < 0.05 && delivered["ratio_interval"].is_array());
    assert_eq!(json["members"][0]["comparison"]["scope"], "laws");
}
