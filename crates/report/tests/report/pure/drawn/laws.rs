//! The charts of laws.

use queue_model::law::{Tolerance, Unit};
use run_record::{LawCheck, TrialRecord};

use super::{files_of, load_run};

/// The check of a law.
fn law(name: &str, predicted: f64, measured: f64, latest: Option<f64>) -> LawCheck {
    let held = match latest {
        Some(latest) => (predicted..=latest).contains(&measured),
        None => predicted == measured,
    };
    let (unit, tolerance) = match latest {
        Some(_) => (Unit::Seconds, Tolerance::Timer),
        None => (Unit::Connections, Tolerance::Exact),
    };
    LawCheck {
        id: name.to_owned(),
        title: name.to_owned(),
        unit,
        tolerance,
        predicted,
        measured: Some(measured),
        deviation: Some(measured - predicted),
        latest,
        held: Some(held),
    }
}

fn with_laws(
    of: impl Fn(&TrialRecord) -> Vec<LawCheck>,
) -> std::collections::BTreeMap<String, String> {
    let (record, mut trials) = load_run("sweep");
    for trial in &mut trials {
        trial.laws = of(trial);
    }
    files_of(record, trials)
}

#[test]
fn a_failed_law_is_a_cross_and_all_others_are_circles() {
    let files = with_laws(|trial| {
        let measured = if trial.id == 0 { 5.0 } else { 7.0 };
        vec![law("seven", 7.0, measured, None)]
    });
    let chart = roxmltree::Document::parse(&files["charts/law-seven.svg"]).unwrap();
    let marks = |class: &str| {
        chart.descendants().filter(|node| node.attribute("class") == Some(class)).count()
    };
    // The legend has one of each; marks at the same point are one.
    assert_eq!((marks("hit"), marks("miss")), (2, 3), "the cross has a line for its spread");
    let text = &files["charts/law-seven.svg"];
    assert!(text.contains("measured 6 (5–7): failed"), "{text}");
    let cells = files["cells.csv"].lines().count() - 1;
    assert!(text.contains(&format!("× {}<", cells - 1)), "the others are at one point: {text}");
    assert!(files["report.html"].contains("Exact laws"));
    assert!(!files["report.html"].contains("Timed laws"));
}

#[test]
fn a_timed_law_is_drawn_by_its_lateness() {
    let files = with_laws(|trial| {
        let late = if trial.id == 0 { 0.4 } else { 0.1 };
        vec![law("it fires, s", 3.0, 3.0 + late, Some(3.2))]
    });
    let text = &files["charts/law-it-fires-s.svg"];
    assert!(text.contains(">3 s<") && text.contains("not in time"), "{text}");
    assert!(text.contains("at the latest 3.2, measured 3.1"), "{text}");
    assert!(files["report.html"].contains("Timed laws"));
    assert!(files["report.html"].contains("FAILED: 1 of 192 checks. With backlog 10, "));
}

#[test]
fn a_law_with_one_point_and_counters_that_did_not_change_are_no_chart_and_no_table() {
    let (record, mut trials) = load_run("sweep");
    for trial in &mut trials {
        trial.laws = vec![law("seven", 7.0, 7.0, None)];
        trial.evidence.server.values_mut().for_each(|count| *count = 0);
        trial.evidence.client.values_mut().for_each(|count| *count = 0);
    }
    let files = files_of(record, trials);
    assert!(!files.contains_key("charts/law-seven.svg"), "{:?}", files.keys());
    let page = &files["report.html"];
    assert!(page.contains("seven"), "its table is in the page");
    let (_, counters) = page.split_once("<details class=\"part\" id=\"counters\"").unwrap();
    let (counters, _) = counters.split_once("<details class=\"part\"").unwrap();
    assert!(counters.contains("None of these counters changed: "), "{counters}");
    assert!(!counters.contains("<table"), "{counters}");
}
