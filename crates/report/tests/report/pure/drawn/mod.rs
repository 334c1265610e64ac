//! Charts and links in the files of a run.

mod bounds;
mod latency;

use std::collections::BTreeSet;

use queue_model::law::{Tolerance, Unit};
use run_record::{
    AttemptRow, LawCheck, ListenerSummary, Outcome, ProbeSummary, RunDirectory, TimelineRow,
    TrialRecord,
};

use super::{files_of, load_run, recorded, run_of_300_cells, text_files};

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
fn a_queue_shows_times_without_samples_and_unanswered_syns() {
    let place = tempfile::tempdir().unwrap();
    let directory = recorded(place.path());
    let (record, trials) = RunDirectory::read(directory.path()).unwrap();
    let id = trials[0].id;
    let files = text_files(&report::Run::new(record, trials), directory.path());
    let chart = &files[&format!("charts/queue-{id:05}.svg")];
    // Five SYNs were answered the second time, five never.
    assert!(chart.contains("▼ 15 SYNs without an answer"), "{chart}");
    assert!(chart.contains("class=\"unseen\"") && chart.contains("grey: not sampled"), "{chart}");
    assert!(chart.contains("attempt 12: ok, established after 1.000 s"), "{chart}");
    let hint = "--set record.timelines=true";
    assert!(!files["report.html"].contains(hint));
    let (record, trials) = load_run("sweep");
    assert!(
        files_of(record, trials)["report.html"].contains(hint),
        "the page states how to record rows"
    );
}

const MS: u64 = 1_000_000;

/// The charts of a trial with these samples (milliseconds, depth) and missed ticks between
/// them; 400 clients connect at 5 ms.
fn sampled(samples: &[(u64, u32)], overflows: i64) -> (String, String) {
    sampled_until(samples, overflows, None)
}

/// The same with rows only until a time.
fn sampled_until(
    samples: &[(u64, u32)],
    overflows: i64,
    cut_at_ms: Option<u64>,
) -> (String, String) {
    let place = tempfile::tempdir().unwrap();
    let (record, mut trials) = load_run("sweep");
    trials.truncate(1);
    let trial = &mut trials[0];
    let deepest = samples.iter().map(|sample| sample.1).max().unwrap();
    trial.evidence.probe = Some(ProbeSummary {
        interval_seconds: 0.001,
        samples: samples.len() as u64,
        listeners: vec![ListenerSummary { limit: 10, deepest, ..Default::default() }],
        deepest,
        timeline_cut_at_ns: cut_at_ms.map(|at| at * MS),
        ..ProbeSummary::default()
    });
    trial.evidence.server.insert("TcpExt.ListenOverflows".to_owned(), overflows);
    let mut directory = RunDirectory::create(place.path(), &record).unwrap();
    directory.append(trial).unwrap();
    let mut before = samples[0].0;
    let timeline = samples.iter().map(|&(at, depth)| {
        let missed = (at - before).saturating_sub(1);
        before = at;
        let row =
            TimelineRow { at_ns: at * MS, listener: Some(0), missed, ..TimelineRow::default() };
        TimelineRow { depth: Some(depth), limit: Some(10), ..row }
    });
    directory.write_timeline(trial.id, &timeline.collect::<Vec<_>>()).unwrap();
    let attempts: Vec<_> = (0..400).map(attempt).collect();
    directory.write_attempts(trial.id, &attempts).unwrap();
    let id = trial.id;
    let files = text_files(&report::Run::new(record, trials), directory.path());
    let chart = |kind: &str| files[&format!("charts/{kind}-{id:05}.svg")].clone();
    (chart("queue"), chart("burst"))
}

fn attempt(index: u32) -> AttemptRow {
    AttemptRow {
        index,
        local: String::new(),
        outcome: Outcome::Ok,
        start_ns: 5 * MS + u64::from(index) * 1_000,
        connect_ns: Some(MS),
        accepted_ns: Some(7 * MS),
        end_ns: 1_900 * MS,
        syn_retransmits: Some(0),
        errno: None,
        messages_written: 1,
        deliveries: 1,
        ended_by: None,
    }
}

/// The horizontal spans of the elements of a class, pixels; of a path, those of its lines.
fn spans(chart: &str, class: &str) -> Vec<(f64, f64)> {
    let chart = roxmltree::Document::parse(chart).unwrap();
    let of_class = chart.descendants().filter(|node| node.attribute("class") == Some(class));
    let number = |text: &str| text.parse::<f64>().unwrap();
    let mut spans = Vec::new();
    for node in of_class {
        if let Some(x) = node.attribute("x") {
            spans.push((number(x), number(x) + number(node.attribute("width").unwrap())));
        }
        for line in node.attribute("d").unwrap_or_default().split('M').skip(1) {
            let start = number(line.split(' ').next().unwrap());
            let mut end = start;
            for to in line.split('H').skip(1) {
                end = number(to.split(|c: char| c.is_ascii_alphabetic()).next().unwrap());
            }
            spans.push((start, end));
        }
    }
    spans
}

#[test]
fn no_line_crosses_a_gap_of_any_width() {
    // A busy machine: a sample each 8 ms for two seconds, and none of the burst.
    let mut samples: Vec<_> = (0..250).map(|step| (step * 8, 0)).collect();
    samples.extend((2_000..2_100).map(|at| (at, 0)));
    let (queue, burst) = sampled(&samples, 681);
    for chart in [&queue, &burst] {
        let grey = spans(chart, "unseen");
        let lines = spans(chart, "depth");
        for line in &lines {
            let crossed = grey.iter().filter(|gap| gap.0 < line.1 - 0.1 && line.0 < gap.1 - 0.1);
            assert_eq!(crossed.count(), 0, "{line:?} of {lines:?} through {grey:?}");
        }
        assert!(!spans(chart, "sample").is_empty(), "single samples are ticks: {chart}");
    }
    let wide: f64 = spans(&queue, "unseen").iter().map(|gap| gap.1 - gap.0).sum();
    assert!((850.0..890.0).contains(&wide), "of 916 pixels: {wide}");
    assert!(queue.contains("grey: not sampled, 95 % of this time"), "{queue}");
    // The burst has no sample.
    assert!(burst.contains(": not sampled"), "{burst}");
    let expected = "681 ListenOverflows between these samples: the queue was full (11 queued) at \
                times without a sample; the deepest sample has 0";
    assert!(queue.contains(expected) && burst.contains(expected), "{queue}");
}

#[test]
fn a_burst_within_a_single_gap_is_all_grey_below_the_limit() {
    let samples: Vec<_> = [0, 1].into_iter().chain(1_000..2_000).map(|at| (at, 0)).collect();
    let (_, burst) = sampled(&samples, 3);
    assert_eq!(spans(&burst, "unseen"), [(50.0, 966.0)]);
    assert_eq!(spans(&burst, "limit"), [(50.0, 966.0)], "a limit does not depend on samples");
    // It starts with the sample before its first attempt.
    assert_eq!((spans(&burst, "depth"), spans(&burst, "sample")), (vec![], vec![(50.0, 50.0)]));
    assert!(
        burst.contains("not sampled, except for 1 sample: 0 queued; the depth between"),
        "{burst}"
    );
}

#[test]
fn a_sampled_queue_has_tooltips_with_exact_values() {
    let depth = |at: u64| if (5..105).contains(&at) { 11 } else { 0 };
    let samples: Vec<_> = (0..2_000).map(|at| (at, depth(at))).collect();
    let (queue, burst) = sampled(&samples, 681);
    // Times are since the start of each chart: the first sample, the last one before the burst.
    for (chart, full) in [(&queue, "5.0 ms to 105.0 ms"), (&burst, "1.0 ms to 101.0 ms")] {
        assert!(!chart.contains("between these samples"), "a sample found it full: {chart}");
        assert!(spans(chart, "unseen").is_empty());
        assert!(chart.contains(&format!("<title>{full}: 11 queued, limit 10</title>")), "{chart}");
        assert!(chart.contains("<title>attempts 395 to 399: 5 ok; established after 1.0 ms"));
    }
    assert!(!sampled(&samples, 0).0.contains("between these samples"));
    // Full when SYNs were retransmitted, without a sample when they were first sent.
    let late = [0, 1, 4].into_iter().chain(20..2_000);
    let depth = |at: u64| if (1_005..1_010).contains(&at) { 11 } else { 0 };
    let (queue, burst) = sampled(&late.map(|at| (at, depth(at))).collect::<Vec<_>>(), 681);
    let expected = "no sample found the queue full in the time shown; the kernel counted 681";
    assert!(burst.contains(expected) && !queue.contains(expected), "{burst}");
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

#[test]
fn rows_that_end_early_are_marked_as_such() {
    let samples: Vec<_> = (0..500).map(|at| (at, 0)).collect();
    let (queue, _) = sampled_until(&samples, 0, Some(500));
    // The attempts end at 1.9 s.
    assert!(
        queue.contains("the rows end before the trial; grey: not sampled, or the samples were")
    );
    let [(from, to)] = spans(&queue, "unseen")[..] else { panic!("{queue}") };
    assert!((280.0..300.0).contains(&from) && to == 966.0, "{from} {to}");
}

#[test]
fn retransmission_times_follow_the_sysctls_of_the_trial() {
    let place = tempfile::tempdir().unwrap();
    let directory = recorded(place.path());
    let (_, trials) = RunDirectory::read(directory.path()).unwrap();
    let rows =
        RunDirectory::read_attempts(directory.path(), trials[0].execution_id()).unwrap().unwrap();
    let twice = |row: AttemptRow| AttemptRow {
        syn_retransmits: row.syn_retransmits.map(|times| times * 2),
        ..row
    };
    directory
        .write_attempts(trials[0].id, &rows.into_iter().map(twice).collect::<Vec<_>>())
        .unwrap();
    // The charts of the first trial if one trial has no linear timeouts.
    let charts = |other: usize| {
        let (record, mut trials) = RunDirectory::read(directory.path()).unwrap();
        let name = "net.ipv4.tcp_syn_linear_timeouts".to_owned();
        trials[other].sysctls.client.insert(name, "0".to_owned());
        let id = trials[0].id;
        let files = text_files(&report::Run::new(record, trials), directory.path());
        ["queue", "connects"].map(|kind| files[&format!("charts/{kind}-{id:05}.svg")].clone())
    };
    let is_marked =
        |chart: &str, at: &str| chart.contains(&format!("the SYN is retransmitted {at} after"));
    let [own_queue, own_connects] = charts(0);
    let [queue, connects] = charts(1);
    assert!(
        is_marked(&connects, "1 s") && is_marked(&connects, "2 s"),
        "another trial: {connects}"
    );
    assert!(is_marked(&own_connects, "1 s") && !is_marked(&own_connects, "2 s"), "{own_connects}");
    assert_ne!(own_queue, queue, "the second SYN of each attempt is lost a second later");
}
