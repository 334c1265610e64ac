//! The files that a run directory gets: the same every time, well-formed, and
//! in need of nothing from elsewhere.

mod browser;

use std::collections::BTreeMap;
use std::path::Path;

use report::{Run, files};
use run_record::{AttemptRow, Outcome, RunDirectory, RunRecord, TimelineRow, TrialRecord};
use serde_json::Value;

fn kept(name: &str) -> (RunRecord, Vec<TrialRecord>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runs").join(name);
    RunDirectory::read(&path).unwrap()
}

/// What a run directory gets, where no rows were recorded.
fn made(record: RunRecord, trials: Vec<TrialRecord>) -> BTreeMap<String, String> {
    let nowhere = tempfile::tempdir().unwrap();
    written(&Run::new(record, trials), nowhere.path())
}

fn written(run: &Run, path: &Path) -> BTreeMap<String, String> {
    let files = files(run, path).unwrap();
    let count = files.len();
    let text = |(name, bytes)| (name, String::from_utf8(bytes).unwrap());
    let files: BTreeMap<_, _> = files.into_iter().map(text).collect();
    assert_eq!(files.len(), count, "no two files have one name");
    files
}

/// A run directory with rows of its first trial.
fn recorded(root: &Path) -> RunDirectory {
    let (mut record, trials) = kept("sweep");
    record.scenario.resolved["record"]["attempts"] = Value::Bool(true);
    record.scenario.resolved["record"]["timelines"] = Value::Bool(true);
    let mut directory = RunDirectory::create(root, &record).unwrap();
    for trial in &trials {
        directory.append(trial).unwrap();
    }
    let attempt = |index: u32| AttemptRow {
        index,
        local: format!("10.0.0.1:{}", 40_000 + index),
        outcome: if index < 15 { Outcome::Ok } else { Outcome::TimedOut },
        start_ns: 1_000_000_000 + u64::from(index) * 1_000,
        connect_ns: (index < 15).then_some(if index < 10 { 40_000 } else { 1_000_300_000 }),
        accepted_ns: (index < 15).then_some(2_100_000_000),
        end_ns: 3_000_000_000,
        syn_retransmits: Some(u32::from(index >= 10)),
        errno: None,
        messages_written: 1,
        deliveries: 1,
    };
    let attempts: Vec<_> = (0..20).map(attempt).collect();
    directory.write_attempts(trials[0].id, &attempts).unwrap();
    let look = |step: u32| TimelineRow {
        at_ns: 1_000_000_000 + u64::from(step) * 1_000_000,
        listener: Some(0),
        depth: Some(step % 12),
        limit: Some(10),
        ..TimelineRow::default()
    };
    let timeline: Vec<_> = (0..2_000).map(look).collect();
    directory.write_timeline(trials[0].id, &timeline).unwrap();
    directory
}

#[test]
fn the_same_data_makes_the_same_bytes() {
    let place = tempfile::tempdir().unwrap();
    let directory = recorded(place.path());
    let (record, mut trials) = RunDirectory::read(directory.path()).unwrap();
    let one = written(&Run::new(record.clone(), trials.clone()), directory.path());
    trials.reverse();
    let other = written(&Run::new(record, trials.clone()), directory.path());
    assert!(one == other, "the order in which trials ended does not show");
    let queue = format!("charts/queue-{:05}.svg", trials.last().unwrap().id);
    assert!(one.contains_key(&queue), "{:?}", one.keys());
    for expected in ["report.html", "cells.csv", "summary.md", "junit.xml"] {
        assert!(one.contains_key(expected), "{expected}");
    }
}

#[test]
fn rows_that_are_damaged_are_told_with_their_line() {
    let place = tempfile::tempdir().unwrap();
    let directory = recorded(place.path());
    let (record, trials) = RunDirectory::read(directory.path()).unwrap();
    let rows = directory.path().join(format!("attempts/{:05}.csv", trials[0].id));
    let text = std::fs::read_to_string(&rows).unwrap();
    std::fs::write(&rows, text.replacen("timed_out", "vanished", 1)).unwrap();
    let error = files(&Run::new(record, trials), directory.path()).unwrap_err().to_string();
    assert!(error.contains("attempts") && error.contains("line 17"), "{error}");
}

#[test]
fn nothing_comes_from_elsewhere_whatever_a_run_is_called() {
    let (mut record, mut trials) = kept("sweep");
    record.scenario.question = "<script src=\"//elsewhere.test\">?</script>".to_owned();
    trials[0].invariants[0].held = Some(false);
    trials[0].invariants[0].detail = "</title></script><img src=x onerror=\"x\">".to_owned();
    for (name, text) in made(record, trials) {
        let own = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        // What is escaped is text, and no element begins with it.
        for outside in ["http:", "https:", "url(", "@import", "<script src", "<img", "</title></s"]
        {
            assert!(!own.contains(outside), "{outside} in {name}");
        }
    }
}

#[test]
fn every_chart_is_an_image_of_its_own() {
    let place = tempfile::tempdir().unwrap();
    let directory = recorded(place.path());
    let (record, trials) = RunDirectory::read(directory.path()).unwrap();
    let files = written(&Run::new(record, trials), directory.path());
    let page = &files["report.html"];
    let charts: Vec<_> = files.iter().filter(|(name, _)| name.starts_with("charts/")).collect();
    assert_eq!(page.matches("<svg").count(), charts.len(), "the page has each of them");
    for (name, text) in charts {
        let image = roxmltree::Document::parse(text).unwrap_or_else(|e| panic!("{name}: {e}"));
        let root = image.root_element();
        assert_eq!(root.tag_name().namespace(), Some("http://www.w3.org/2000/svg"), "{name}");
        let links = image.descendants().filter_map(|node| node.attribute("href"));
        for link in links {
            let id = link.strip_prefix("../report.html#").unwrap_or_else(|| panic!("{link}"));
            assert!(page.contains(&format!("id=\"{id}\"")), "{name}: {link} leads somewhere");
        }
        let numbers = image.descendants().flat_map(|node| node.attributes());
        for attribute in numbers {
            assert!(!attribute.value().contains("NaN"), "{name}: {attribute:?}");
            assert!(!attribute.value().contains("inf"), "{name}: {attribute:?}");
        }
    }
}

#[test]
fn the_table_of_cells_has_a_row_for_each_with_its_spread() {
    let (record, trials) = kept("sweep");
    let cells: usize = record.axes.iter().map(|axis| axis.values.len()).product();
    let paths: Vec<_> = record.axes.iter().map(|axis| axis.path.clone()).collect();
    let files = made(record, trials.clone());
    let mut table = csv::Reader::from_reader(files["cells.csv"].as_bytes());
    let header = table.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), cells);
    let column = |name: &str| header.iter().position(|other| other == name).unwrap();
    for row in &rows {
        let of_cell = trials.iter().filter(|trial| {
            paths.iter().all(|path| {
                let value = &trial.point[path];
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                row[column(path)] == text
            })
        });
        let of_cell: Vec<_> = of_cell.collect();
        assert_eq!(row[column("trials")], of_cell.len().to_string());
        let attempts: u64 = of_cell.iter().map(|trial| trial.attempts).sum();
        assert_eq!(row[column("attempts")], attempts.to_string());
        let least = of_cell.iter().map(|trial| trial.rates.delivered).fold(f64::MAX, f64::min);
        let most = of_cell.iter().map(|trial| trial.rates.delivered).fold(f64::MIN, f64::max);
        assert_eq!(row[column("delivered_rate_min")].parse::<f64>().unwrap(), least);
        assert_eq!(row[column("delivered_rate_max")].parse::<f64>().unwrap(), most);
        let median: f64 = row[column("delivered_rate_median")].parse().unwrap();
        assert!((least..=most).contains(&median));
    }
}

#[test]
fn a_cell_is_a_test_case_and_no_repetition_that_failed_is_hidden() {
    let (record, mut trials) = kept("sweep");
    let cells: usize = record.axes.iter().map(|axis| axis.values.len()).product();
    trials[3].invariants[0].held = Some(false);
    trials[3].invariants[0].detail = "19 \u{1}of <20> & \"more\"".to_owned();
    let (broken, other) = (trials[3].clone(), trials[5].cell);
    assert_ne!(broken.cell, other, "two cells are meant");
    trials.retain(|trial| trial.cell != other);
    let together = trials.iter().filter(|trial| trial.cell == broken.cell).count();
    let files = made(record, trials);
    let suites = roxmltree::Document::parse(&files["junit.xml"]).unwrap();
    let named = |name: &'static str| suites.descendants().filter(move |n| n.has_tag_name(name));
    let suite = named("testsuite").next().unwrap();
    let cases =
        named("testcase").filter(|case| case.attribute("name") != Some("the run as a whole"));
    assert_eq!(cases.count(), cells);
    assert_eq!(suite.attribute("tests"), Some(named("testcase").count().to_string().as_str()));
    assert_eq!((suite.attribute("failures"), suite.attribute("errors")), (Some("1"), Some("1")));
    let failure = named("failure").next().unwrap();
    let message = failure.attribute("message").unwrap();
    assert!(message.contains(&format!("trial {}: invariant", broken.id)), "{message}");
    assert!(message.contains("19 of <20> & \"more\""), "{message}");
    let case = failure.parent().unwrap();
    let told = case.children().find(|part| part.has_tag_name("system-out")).unwrap();
    assert_eq!(told.text().unwrap().lines().count(), together, "each repetition: {told:?}");
    let missing = named("error").next().unwrap();
    assert!(missing.attribute("message").unwrap().contains("no trial"));
}

#[test]
fn a_run_of_hundreds_of_cells_has_them_all_and_fits_a_job_summary() {
    let (mut record, trials) = kept("sweep");
    let pattern = trials[0].clone();
    record.axes.truncate(1);
    record.axes[0].values.truncate(1);
    for (name, values) in [("server.backlog", 0..20), ("load.clients", 100..115)] {
        let values = values.map(Value::from).collect();
        record.axes.push(run_record::Axis { path: name.to_owned(), values });
    }
    let mut many = Vec::new();
    for backlog in 0..20_u32 {
        for clients in 100..115_u32 {
            let mut trial = pattern.clone();
            (trial.id, trial.cell) = (many.len() as u32, many.len() as u32);
            trial.point.insert("server.backlog".to_owned(), backlog.into());
            trial.point.insert("load.clients".to_owned(), clients.into());
            trial.rates.delivered = f64::from(backlog * clients);
            many.push(trial);
        }
    }
    record.axes.retain(|axis| axis.values.len() > 1);
    record.planned_trials = 300;
    let files = made(record, many);
    let map = &files["charts/heat-delivered.svg"];
    assert_eq!(map.matches("<a href").count(), 300);
    assert_eq!(files["report.html"].matches("<details id=\"cell-").count(), 300);
    assert_eq!(files["cells.csv"].lines().count(), 301);
    assert!(files["summary.md"].len() < 1 << 20);
    assert!(files["summary.md"].contains("**Held: all"), "{}", files["summary.md"]);
}

#[test]
fn a_run_without_a_trial_has_a_report_that_says_so() {
    let (record, _) = kept("sweep");
    let files = made(record, Vec::new());
    assert!(files["report.html"].contains("No trial has been run yet."));
    assert!(files["report.html"].contains("Not finished: 0 of"));
    assert!(files["summary.md"].starts_with("# ") && !files["summary.md"].contains('✅'));
}
