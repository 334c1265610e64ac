//! `junit.xml` of a run.

use std::collections::BTreeSet;

use super::files::files_of;
use crate::runs::load_run;

#[test]
fn each_planned_trial_is_a_test_case() {
    let (record, mut trials) = load_run("sweep");
    let planned = record.planned_trials as usize;
    trials[3].invariants[0].held = Some(false);
    trials[3].invariants[0].detail = "19 \u{1}of <20> & \"more\"".to_owned();
    let (broken, other) = (trials[3].clone(), trials[5].cell);
    assert_ne!(broken.cell, other, "the test needs two cells");
    let before = trials.len();
    trials.retain(|trial| trial.cell != other);
    let missing = before - trials.len();
    assert!(missing > 1, "the test needs a cell with repetitions");
    let files = files_of(record, trials.clone());
    let suites = roxmltree::Document::parse(&files["junit.xml"]).unwrap();
    let named = |name: &'static str| suites.descendants().filter(move |n| n.has_tag_name(name));
    let suite = named("testsuite").next().unwrap();
    let of_trials =
        || named("testcase").filter(|case| case.attribute("name") != Some("the run as a whole"));
    assert_eq!(of_trials().count(), planned);
    let names: BTreeSet<_> = of_trials().map(|case| case.attribute("name").unwrap()).collect();
    assert_eq!(names.len(), planned, "names are distinct: {names:?}");
    assert_eq!(suite.attribute("tests"), Some(named("testcase").count().to_string().as_str()));
    assert_eq!(suite.attribute("failures"), Some("1"));
    assert_eq!(suite.attribute("errors"), Some(missing.to_string().as_str()));
    let failure = named("failure").next().unwrap();
    let message = failure.attribute("message").unwrap();
    assert!(message.contains(&format!("trial {}: invariant", broken.id)), "{message}");
    assert!(message.contains("19 of <20> & \"more\""), "{message}");
    for (case, trial) in of_trials().filter_map(|case| {
        let output = case.children().find(|part| part.has_tag_name("system-out"))?;
        Some((case, output.text().unwrap()))
    }) {
        let failed = case.children().any(|part| part.has_tag_name("failure"));
        assert_eq!(trial.contains(": FAILED; "), failed, "{trial}");
        assert_eq!(trial.lines().count(), 1, "{trial}");
    }
    let described = named("system-out").count();
    assert_eq!(described, trials.len(), "each trial that was run");
    for error in named("error") {
        assert!(error.attribute("message").unwrap().contains("no trial"));
    }
}
