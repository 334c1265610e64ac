//! The files of a run directory: reproducible, well-formed and self-contained.

#[path = "../../browser/mod.rs"]
mod browser;
#[path = "drawn/mod.rs"]
mod drawn;

use std::collections::BTreeMap;
use std::path::Path;

use report::{Run, files};
use run_record::{AttemptRow, Outcome, RunDirectory, RunRecord, TimelineRow, TrialRecord};
use serde_json::Value;

use crate::runs::load_run;

/// The files of a run without recorded rows.
pub(super) fn files_of(record: RunRecord, trials: Vec<TrialRecord>) -> BTreeMap<String, String> {
    let no_rows = tempfile::tempdir().unwrap();
    text_files(&Run::new(record, trials), no_rows.path())
}

/// The files of a run except PNGs.
fn text_files(run: &Run, path: &Path) -> BTreeMap<String, String> {
    let mut files = files(run, path).files;
    files.retain(|(name, _)| !name.ends_with(".png"));
    let count = files.len();
    let text = |(name, bytes)| (name, String::from_utf8(bytes).unwrap());
    let files: BTreeMap<_, _> = files.into_iter().map(text).collect();
    assert_eq!(files.len(), count, "names of files are distinct");
    files
}

/// A run directory with rows of its first trial and of a trial of another cell.
fn recorded(root: &Path) -> RunDirectory {
    let (mut record, mut trials) = load_run("sweep");
    record.scenario.resolved["record"]["attempts"] = Value::Bool(true);
    record.scenario.resolved["record"]["timelines"] = Value::Bool(true);
    let mut directory = RunDirectory::create(root, &record).unwrap();
    for trial in &mut trials {
        let probe = trial.evidence.probe.get_or_insert_default();
        (probe.interval_seconds, probe.samples) = (0.001, 2_000);
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
        ended_by: None,
        answers: 0,
        not_accepted_ns: None,
        accepted_by_ns: None,
        destination: None,
    };
    let attempts: Vec<_> = (0..20).map(attempt).collect();
    let other = trials.iter().find(|trial| trial.cell != trials[0].cell).unwrap();
    for id in [trials[0].id, other.id] {
        directory.write_attempts(id, &attempts).unwrap();
    }
    let sample = |step: u32| TimelineRow {
        at_ns: 1_000_000_000 + u64::from(if step < 1_000 { step } else { step + 100 }) * 1_000_000,
        listener: Some(0),
        depth: Some(step % 12),
        limit: Some(10),
        missed: if step == 1_000 { 100 } else { 0 },
        ..TimelineRow::default()
    };
    let timeline: Vec<_> = (0..2_000).map(sample).collect();
    for id in [trials[0].id, other.id] {
        directory.write_timeline(id, &timeline).unwrap();
    }
    directory
}

#[test]
fn the_same_data_makes_the_same_bytes() {
    let place = tempfile::tempdir().unwrap();
    let directory = recorded(place.path());
    let (record, mut trials) = RunDirectory::read(directory.path()).unwrap();
    let one = text_files(&Run::new(record.clone(), trials.clone()), directory.path());
    trials.reverse();
    let other = text_files(&Run::new(record, trials.clone()), directory.path());
    assert!(one == other, "the order in which trials ended does not matter");
    let queue = format!("charts/queue-{:05}.svg", trials.last().unwrap().id);
    assert!(one.contains_key(&queue), "{:?}", one.keys());
    for expected in ["report.html", "cells.csv", "summary.md", "junit.xml"] {
        assert!(one.contains_key(expected), "{expected}");
    }
}

#[test]
fn damaged_rows_are_reported_with_their_line_and_others_are_drawn() {
    let place = tempfile::tempdir().unwrap();
    let directory = recorded(place.path());
    let (record, trials) = RunDirectory::read(directory.path()).unwrap();
    let rows = directory.path().join(format!("attempts/{:05}.csv", trials[0].id));
    let text = std::fs::read_to_string(&rows).unwrap();
    std::fs::write(&rows, text.replacen("timed_out", "vanished", 1)).unwrap();
    let id = trials[0].id;
    let made = files(&Run::new(record, trials), directory.path());
    let errors: Vec<_> = made.damaged.iter().map(ToString::to_string).collect();
    let [error] = errors.as_slice() else { panic!("{errors:?}") };
    assert!(error.contains("attempts") && error.contains("line 17: "), "{error}");
    assert!(error.contains("unknown variant `vanished`") && !error.contains("Some("), "{error}");
    let page = made.files.iter().find(|(name, _)| name == "report.html").unwrap();
    let page = String::from_utf8_lossy(&page.1);
    let text = format!("cannot be read: attempts/{id:05}.csv, line 17: ");
    assert!(page.contains(&text), "the page reports it with a relative path");
    let queues = made.files.iter().filter(|(name, _)| name.starts_with("charts/queue-"));
    let queues: Vec<_> = queues.filter(|(name, _)| name.ends_with(".svg")).collect();
    assert!(queues.len() == 1 && !queues[0].0.contains(&format!("{id:05}")), "the other is drawn");
}

#[test]
fn the_name_of_every_chart_is_recognised() {
    let place = tempfile::tempdir().unwrap();
    let directory = recorded(place.path());
    let (record, trials) = RunDirectory::read(directory.path()).unwrap();
    let files = text_files(&Run::new(record, trials), directory.path());
    let names = files.keys().filter_map(|name| name.strip_prefix("charts/")?.strip_suffix(".svg"));
    for name in names.chain(["queue-123456-retry-2", "burst-00001", "law-a-b"]) {
        assert!(report::is_chart_name(name), "{name}");
    }
    for own in
        ["photo", "queue-mine", "queue-2024", "lines-Mine", "heat-mine", "law-", "outcomes-2"]
    {
        assert!(!report::is_chart_name(own), "{own}");
    }
}

#[test]
fn a_line_has_a_gap_at_a_cell_without_trials() {
    let (mut record, mut trials) = load_run("sweep");
    let values: Vec<_> = (1..=5).map(Value::from).collect();
    trials.truncate(values.len());
    for (trial, value) in trials.iter_mut().zip(&values) {
        trial.point.insert("server.backlog".to_owned(), value.clone());
    }
    let path = "server.backlog".to_owned();
    record.axes = vec![run_record::Axis { path, values }];
    let lines = |trials: Vec<TrialRecord>| {
        files_of(record.clone(), trials)["charts/lines-success.svg"].matches("<polyline").count()
    };
    assert_eq!(lines(trials.clone()), 1);
    trials.remove(2);
    assert_eq!(lines(trials.clone()), 2);
    trials.remove(2);
    assert_eq!(lines(trials), 1, "a single point is not a line");
}

#[test]
fn characters_that_xml_does_not_allow_are_shown() {
    let (mut record, mut trials) = load_run("sweep");
    let invalid = Value::from("a\u{1}b\u{b}");
    let axis = record.axes.iter_mut().rfind(|axis| axis.values.len() > 1).unwrap();
    let old = std::mem::replace(&mut axis.values[0], invalid.clone());
    for trial in trials.iter_mut().filter(|trial| trial.point[&axis.path] == old) {
        trial.point.insert(axis.path.clone(), invalid.clone());
    }
    record.scenario.question = "why\u{1}?".to_owned();
    let files = files_of(record, trials);
    for (name, text) in &files {
        let is_document = name.ends_with(".svg") || name.ends_with(".xml");
        assert!(name.ends_with(".csv") || !text.contains(['\u{1}', '\u{b}']), "{name}");
        assert!(!is_document || roxmltree::Document::parse(text).is_ok(), "{name}");
    }
    let page = &files["report.html"];
    assert!(page.contains("a\\u{1}b\\u{b}") && page.contains("why\\u{1}?"));
}

#[test]
fn the_page_loads_nothing_even_if_texts_of_the_run_are_markup() {
    let (mut record, mut trials) = load_run("sweep");
    record.scenario.question = "<script src=\"//elsewhere.test\">?</script>".to_owned();
    trials[0].invariants[0].held = Some(false);
    trials[0].invariants[0].detail = "</title></script><img src=x onerror=\"x\">".to_owned();
    for (name, text) in files_of(record, trials) {
        let text = text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        // Escaped text does not start an element.
        for outside in ["http:", "https:", "url(", "@import", "<script src", "<img", "</title></s"]
        {
            assert!(!text.contains(outside), "{outside} in {name}");
        }
    }
}

#[test]
fn every_chart_is_a_file() {
    let place = tempfile::tempdir().unwrap();
    let directory = recorded(place.path());
    let (record, trials) = RunDirectory::read(directory.path()).unwrap();
    let files = text_files(&Run::new(record, trials), directory.path());
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
            assert!(page.contains(&format!("id=\"{id}\"")), "{name}: {link} has a target");
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
    let (record, trials) = load_run("sweep");
    let cells: usize = record.axes.iter().map(|axis| axis.values.len()).product();
    let paths: Vec<_> = record.axes.iter().map(|axis| axis.path.clone()).collect();
    let files = files_of(record, trials.clone());
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
        let min = of_cell.iter().map(|trial| trial.rates.delivered).fold(f64::MAX, f64::min);
        let max = of_cell.iter().map(|trial| trial.rates.delivered).fold(f64::MIN, f64::max);
        assert_eq!(row[column("delivered_rate_min")].parse::<f64>().unwrap(), min);
        assert_eq!(row[column("delivered_rate_max")].parse::<f64>().unwrap(), max);
        let median: f64 = row[column("delivered_rate_median")].parse().unwrap();
        assert!((min..=max).contains(&median));
    }
}

#[test]
fn a_text_of_a_run_is_no_formula_in_a_spreadsheet() {
    let (mut record, mut trials) = load_run("sweep");
    let axis = record.axes.iter_mut().find(|axis| axis.path == "server.design").unwrap();
    let known = axis.values[0].clone();
    let strange = Value::from("=cmd|' /C calc'!A1;@x\u{202e}\u{1b}");
    axis.values[0] = strange.clone();
    for trial in trials.iter_mut().filter(|trial| trial.point["server.design"] == known) {
        trial.point["server.design"] = strange.clone();
    }
    let table = &files_of(record, trials)["cells.csv"];
    let mut rows = csv::Reader::from_reader(table.as_bytes());
    let column = rows.headers().unwrap().iter().position(|name| name == "server.design").unwrap();
    let values: Vec<_> = rows.records().map(|row| row.unwrap()[column].to_owned()).collect();
    let text = "'=cmd|' /C calc'!A1;'@x\\u{202e}\\u{1b}";
    assert!(values.iter().any(|value| value == text), "{values:?}");
    assert!(values.iter().any(|value| value == "snapshot"), "{values:?}");
    assert!(!table.contains(controls), "{table}");
}

fn controls(c: char) -> bool {
    c.is_control() && c != '\n' || c == '\u{202e}'
}

/// A run of 300 cells with one trial each.
fn run_of_300_cells() -> (RunRecord, Vec<TrialRecord>) {
    let (mut record, trials) = load_run("sweep");
    let pattern = trials[0].clone();
    record.axes.truncate(1);
    record.axes[0].values.truncate(1);
    for (name, values) in [("server.backlog", 0..20), ("load.clients", 100..115)] {
        let values = values.map(Value::from).collect();
        record.axes.push(run_record::Axis { path: name.to_owned(), values });
    }
    let mut trials_of_cells = Vec::new();
    for backlog in 0..20_u32 {
        for clients in 100..115_u32 {
            let mut trial = pattern.clone();
            (trial.id, trial.cell) = (trials_of_cells.len() as u32, trials_of_cells.len() as u32);
            trial.point.insert("server.backlog".to_owned(), backlog.into());
            trial.point.insert("load.clients".to_owned(), clients.into());
            trial.rates.delivered = f64::from(backlog * clients);
            trials_of_cells.push(trial);
        }
    }
    record.axes.retain(|axis| axis.values.len() > 1);
    record.planned_trials = 300;
    (record, trials_of_cells)
}

#[test]
fn a_run_of_300_cells_shows_all_of_them_and_fits_a_job_summary() {
    let (record, trials) = run_of_300_cells();
    let files = files_of(record, trials);
    let map = &files["charts/heat-delivered.svg"];
    assert_eq!(map.matches("<a href").count(), 300);
    assert_eq!(files["report.html"].matches("<details id=\"cell-").count(), 300);
    assert_eq!(files["cells.csv"].lines().count(), 301);
    assert!(files["summary.md"].len() < 1 << 20);
    assert!(files["report.html"].len() < 3 << 20, "{}", files["report.html"].len());
    assert!(
        files["summary.md"].contains("trials. All 3300 checks passed"),
        "{}",
        files["summary.md"]
    );
}

#[test]
fn an_unfinished_run_is_reported_first_and_is_no_success() {
    let (record, mut trials) = load_run("sweep");
    let cut = trials.iter().filter(|trial| trial.cell == trials[0].cell).count();
    assert!(cut > 1, "the test needs a cell with repetitions");
    let id = trials[0].id;
    trials.retain(|trial| trial.id != id);
    let run = Run::new(record.clone(), trials.clone());
    let text = report::run_annotation(&run).unwrap();
    assert!(text.starts_with("::warning ") && text.contains("15 of 16 trials"), "{text}");
    let files = files_of(record.clone(), trials);
    let (summary, junit) = (&files["summary.md"], &files["junit.xml"]);
    assert!(
        summary.contains("\n\n⚠️ **Not finished: 15 of 16 trials are recorded, without "),
        "{summary}"
    );
    let suites = roxmltree::Document::parse(junit).unwrap();
    let root = suites.root_element();
    assert_eq!((root.attribute("failures"), root.attribute("errors")), (Some("0"), Some("1")));
    let errors: Vec<_> = suites.descendants().filter(|it| it.has_tag_name("error")).collect();
    assert_eq!(errors.len(), 1, "{junit}");
    assert_eq!(errors[0].attribute("type"), Some("not-run"), "{junit}");
    assert!(junit.contains(&format!("{} of {cut} repetitions", cut - 1)), "{junit}");
    let none = report::run_annotation(&Run::new(record, Vec::new())).unwrap();
    assert!(none.starts_with("::error ") && none.contains("Not finished: 0 of 16"), "{none}");
}

#[test]
fn a_run_without_trials_has_a_report() {
    let (record, _) = load_run("sweep");
    let files = files_of(record, Vec::new());
    assert!(files["report.html"].contains("No trial has been run yet."));
    assert!(files["report.html"].contains("Not finished: 0 of"));
    assert!(files["summary.md"].starts_with("# ") && !files["summary.md"].contains('✅'));
}

#[test]
fn single_trials_are_not_reported_as_a_median() {
    let (record, mut trials) = load_run("sweep");
    let page = |trials: &[TrialRecord]| {
        let files = files_of(record.clone(), trials.to_vec());
        files["report.html"].clone()
    };
    let repeated = page(&trials);
    assert!(repeated.contains("Medians of the repetitions, with the range"), "two per cell");
    assert!(repeated.contains("summed over the repetitions of a cell"));
    assert!(repeated.contains("\n2 trials</title>"));
    trials.retain(|trial| trial.repetition == 0);
    let single = page(&trials);
    assert!(single.contains("One trial per cell: the variation between trials is unknown"));
    assert!(single.contains("\n1 trial</title>"));
    for untrue in ["Medians of the", "over the repetitions", "span the repetitions", "1 trials"] {
        assert!(!single.contains(untrue), "{untrue}");
    }
}

#[test]
fn a_line_of_single_trials_is_marked_as_such() {
    let (mut record, mut trials) = load_run("sweep");
    let axis = record.axes.iter_mut().find(|axis| axis.path == "load.clients").unwrap();
    axis.values.push(1000.into());
    record.planned_trials += 8;
    let text = |record: &RunRecord, trials: &[TrialRecord]| {
        files_of(record.clone(), trials.to_vec())["report.html"].clone()
    };
    let page = text(&record, &trials);
    assert!(page.contains("Points are medians of the repetitions"), "a line needs three values");
    trials.retain(|trial| trial.repetition == 0);
    let page = text(&record, &trials);
    assert!(page.contains("Each point is a single trial: the variation"));
    assert!(!page.contains("Points are medians"));
}
