//! The page: its order, its size, its links, and what it leaves out.

use std::collections::BTreeSet;

use run_record::{RunDirectory, TimelineRow};

use super::{MS, attempt, files_of, load_run, recorded, run_of_300_cells, text_files};

#[test]
fn every_link_of_the_page_has_a_target() {
    let place = tempfile::tempdir().unwrap();
    let directory = recorded(place.path());
    let (record, trials) = RunDirectory::read(directory.path()).unwrap();
    let files = text_files(&report::Run::new(record, trials), directory.path());
    let page = &files["report.html"];
    let links: BTreeSet<&str> =
        page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let mut rows = 0;
    for link in links.into_iter().filter(|link| *link != "data:,") {
        match link.strip_prefix('#') {
            Some(id) => assert!(page.contains(&format!("id=\"{id}\"")), "{link}"),
            None => {
                let exists = directory.path().join(link).is_file() || files.contains_key(link);
                assert!(exists, "{link}");
                rows += usize::from(link.ends_with(".csv") && link != "cells.csv");
            }
        }
    }
    assert_eq!(rows, 4, "the rows of both recorded trials");
}

#[test]
fn every_recorded_cell_can_be_picked_if_all_fit() {
    let place = tempfile::tempdir().unwrap();
    let (record, mut trials) = run_of_300_cells();
    let mut directory = RunDirectory::create(place.path(), &record).unwrap();
    for trial in &mut trials {
        directory.append(trial).unwrap();
    }
    let few: Vec<_> = (0..3).map(attempt).collect();
    for trial in trials.iter().step_by(10) {
        directory.write_attempts(trial.id, &few).unwrap();
    }
    let files = text_files(&report::Run::new(record, trials), directory.path());
    let page = &files["report.html"];
    assert_eq!(page.matches("<option value=\"queue-").count(), 30);
    assert!(!page.contains("cells are drawn"), "none is omitted");
}

#[test]
fn many_attempts_share_lines() {
    let place = tempfile::tempdir().unwrap();
    let (record, mut trials) = run_of_300_cells();
    trials.truncate(3);
    let mut directory = RunDirectory::create(place.path(), &record).unwrap();
    let many: Vec<_> = (0..50_000).map(attempt).collect();
    for trial in &mut trials {
        directory.append(trial).unwrap();
        directory.write_attempts(trial.id, &many).unwrap();
        let sample = |at: u64| TimelineRow {
            at_ns: at * MS,
            listener: Some(0),
            depth: Some(0),
            limit: Some(10),
            ..TimelineRow::default()
        };
        directory.write_timeline(trial.id, &[sample(0), sample(2_000)]).unwrap();
    }
    let files = text_files(&report::Run::new(record, trials), directory.path());
    let page = &files["report.html"];
    // 50,000 attempts share 400 lines.
    assert_eq!(page.matches("<option value=\"queue-").count(), 3);
    assert!(page.contains("one line per 125 attempts and outcome, the longest of them"));
    assert!(page.len() <= 1_000_000, "{}", page.len());
}

#[test]
fn a_page_is_at_most_1_mb_and_states_what_it_has_no_room_for() {
    let place = tempfile::tempdir().unwrap();
    let (record, mut trials) = run_of_300_cells();
    let mut directory = RunDirectory::create(place.path(), &record).unwrap();
    let many: Vec<_> = (0..1_000).map(attempt).collect();
    for (number, trial) in trials.iter_mut().enumerate() {
        trial.invariants[0].detail = "x".repeat(9_000);
        trial.invariants[0].held = Some(false);
        directory.append(trial).unwrap();
        if number < 40 {
            directory.write_attempts(trial.id, &many).unwrap();
            let sample = |at: u64| TimelineRow {
                at_ns: at * MS,
                listener: Some(0),
                depth: Some((at % 11) as u32),
                limit: Some(10),
                ..TimelineRow::default()
            };
            directory
                .write_timeline(trial.id, &(0..2_000).map(sample).collect::<Vec<_>>())
                .unwrap();
        }
    }
    let files = text_files(&report::Run::new(record, trials), directory.path());
    let page = &files["report.html"];
    assert!(page.len() <= 1_000_000, "{}", page.len());
    assert!(page.len() > 500_000, "what fits is in it: {}", page.len());
    let pictures = page.matches("<option value=\"queue-").count();
    assert!(page.contains(&format!("This page has room for {pictures} of ")), "{pictures}");
    assert!((1..40).contains(&pictures), "{pictures}");
    assert!(page.contains("for which this page has no room: the run directory has everything"));
    let queues = files.keys().filter(|name| name.starts_with("charts/queue-")).count();
    assert!(queues > pictures, "{queues} are files, {pictures} are in the page");
}

#[test]
fn no_line_connects_names() {
    let lines = |values: [&str; 3]| {
        let (mut record, mut trials) = load_run("sweep");
        let values = values.map(serde_json::Value::from);
        trials.truncate(values.len());
        for (trial, value) in trials.iter_mut().zip(&values) {
            trial.point.insert("server.backlog".to_owned(), value.clone());
        }
        let path = "server.backlog".to_owned();
        record.axes = vec![run_record::Axis { path, values: values.into() }];
        let files = files_of(record, trials);
        let page = &files["report.html"];
        let (_, lead) = page.split_once("id=\"answer-charts\"").unwrap();
        assert!(lead.contains("data-chart=\"lines-success\""), "the chart shows the answer");
        files["charts/lines-success.svg"].clone()
    };
    let chart = lines(["4096 16384 4194304", "b", "c"]);
    assert_eq!(chart.matches("<polyline").count(), 0, "{chart}");
    assert_eq!(chart.matches("class=\"column\"").count(), 3, "{chart}");
    for name in ["4096 16384 4194304", ">b<", ">c<"] {
        assert!(chart.contains(name), "{name}: {chart}");
    }
}

#[test]
fn the_answer_and_its_charts_are_first_and_the_rest_is_folded() {
    let place = tempfile::tempdir().unwrap();
    let directory = recorded(place.path());
    let (record, trials) = RunDirectory::read(directory.path()).unwrap();
    let files = text_files(&report::Run::new(record, trials), directory.path());
    let page = &files["report.html"];
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}"));
    let order = [
        "<nav",
        "class=\"answer\"",
        "id=\"answer-charts\"",
        "data-chart=\"heat-success",
        "data-chart=\"queue-",
        "<details class=\"part\"",
    ];
    assert!(order.map(place).is_sorted(), "{:?}", order.map(place));
    let parts: Vec<_> = page.split("<details class=\"part\"").skip(1).collect();
    let open = parts.iter().filter(|part| part.split('>').next().unwrap().contains(" open"));
    let open: Vec<_> = open.map(|part| part.split('"').nth(1).unwrap()).collect();
    assert_eq!(open, ["why"]);
    let (_, cell) = page.split_once("id=\"cell-0\"").unwrap();
    assert!(cell.split("</details>").next().unwrap().contains("href=\"#answer-charts\""));
    assert!(!place_of_original(page), "the original's figure is folded and explained");
}

/// Whether the original's throughput is outside of the part that explains it.
fn place_of_original(page: &str) -> bool {
    let chart = page.find("data-chart=\"lines-throughput");
    let summary = page.find("The original benchmark printed this figure");
    chart.is_some_and(|chart| summary.is_none_or(|summary| summary > chart))
}
