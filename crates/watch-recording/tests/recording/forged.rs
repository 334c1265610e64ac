//! Records whose lines do not follow each other, that claim what cannot be, or that ask for more
//! work than they have bytes.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};
use tempfile::tempdir;
use watch_record::{Changes, Severity, Trouble, TroubleKind};
use watch_recording::{RecordEnd, Recorder, Review, WatchHeader, WatchRecord};

use crate::support::{change, header, listener, no_changes, snapshot};

/// A record of five seconds that ended in order.
fn record(directory: &Path) -> String {
    let mut recorder = Recorder::create(directory, header()).unwrap();
    for second in 1..=5 {
        let now = snapshot(second, vec![listener(1, second as u32, 0), listener(2, 0, 0)]);
        recorder.append(&now, &change(second, 1, second as u32, 0)).unwrap();
    }
    recorder.finish(RecordEnd::Stopped).unwrap();
    fs::read_to_string(directory.join("seconds.jsonl")).unwrap()
}

fn review(directory: &Path) -> Result<Review, String> {
    Review::read(&WatchRecord::open(directory).unwrap()).map_err(|error| error.to_string())
}

#[test]
fn lines_that_are_repeated_missing_or_in_another_order_are_refused_with_their_place() {
    let place = tempdir().unwrap();
    let text = record(place.path());
    let all: Vec<&str> = text.lines().collect();
    let of = |numbers: &[usize]| -> String {
        numbers.iter().map(|&number| format!("{}\n", all[number - 1])).collect()
    };
    assert_eq!(review(place.path()).unwrap().lines, 5);
    for (changed, line, reason) in [
        (of(&[1, 2, 2, 3, 4, 5]), 3, "a line is repeated"),
        (of(&[1, 2, 3, 4, 5, 5]), 6, "a line is repeated"),
        (of(&[1, 3, 2, 4, 5]), 2, "lines are missing"),
        (of(&[5, 4, 3, 2, 1]), 1, "lines are missing"),
        (of(&[1, 2, 4, 5]), 3, "lines are missing"),
        (of(&[2, 3, 4, 5]), 1, "lines are missing"),
        (of(&[1, 2, 3]), 4, "it is missing: the recording ended with 5 lines, and 2 of them"),
        (String::new(), 1, "it is missing: the recording ended with 5 lines, and 5 of them"),
        (text[..text.len() - 1].to_owned(), 5, "it is missing"),
        (format!("{text}{{\"line\""), 6, "it is not complete"),
        (
            format!("{text}{{\"line\":6,\"at_us\":9000000,\"at\":\"\",\"effort\":{{}}}}\n"),
            6,
            "it is not of the recording, which ended with fewer lines (5)",
        ),
    ] {
        refused(place.path(), &changed, line, reason);
    }
}

#[test]
fn times_that_a_recorder_does_not_write_are_refused_with_their_place() {
    let place = tempdir().unwrap();
    let text = record(place.path());
    let third = |member: &str, value: Value| {
        let lines = text.lines().map(|line| {
            let mut line: Value = serde_json::from_str(line).unwrap();
            if line["line"] == 3 {
                line[member] = value.clone();
            }
            format!("{line}\n")
        });
        lines.collect::<String>()
    };
    let rows = |rows: Value| json!([{"id": 1, "rows": rows}]);
    let row = |at_us: u64| json!([at_us, at_us, 1, 0]);
    let closed = |span: Value| json!([{"id": 2, "closed": span}]);
    for (changed, reason) in [
        (third("at_us", json!(2_000_000)), "at_us is 2000000, which is not after the line before"),
        (third("at_us", json!(0)), "not after the line before"),
        (third("at_us", json!(u64::MAX)), "at_us is 18446744073709551615, and at most"),
        (third("at_us", json!(-1)), "invalid value"),
        (third("at_us", json!(1e308)), "invalid type"),
        (third("changes", rows(json!([row(1_999_999)]))), "listener 1 has the time 1999999"),
        (third("changes", rows(json!([row(u64::MAX)]))), "has the time 18446744073709551615"),
        (third("changes", rows(json!([row(2_500_000), row(2_400_000)]))), "the time 2400000"),
        (third("changes", rows(json!([[2_500_000, 2_600_000, 1, 0]]))), "the time 2500000"),
        (
            third("changes", json!([{"id": 1, "full_us": [9_000_000]}])),
            "a full queue of listener 1",
        ),
        (third("gaps", json!([[2_500_000, 2_400_000]])), "a time without a look"),
        (third("gaps", json!([[2_000_000, 2_400_000], [2_100_000, 2_600_000]])), "without a look"),
        (third("gaps", json!([[0, u64::MAX]])), "a time without a look"),
        (third("gone", closed(json!([2_500_000, 9_000_000]))), "the end of listener 2"),
        (third("gone", closed(json!([u64::MAX, 0]))), "the end of listener 2"),
    ] {
        refused(place.path(), &changed, 3, reason);
    }
}

/// Numbers that overflow when they are added.
#[test]
fn the_largest_numbers_are_added_up_to_the_largest() {
    let place = tempdir().unwrap();
    let mut recorder = Recorder::create(place.path(), header()).unwrap();
    for second in 1..=4 {
        let drops = if second % 2 == 0 { u64::MAX } else { 0 };
        let mut now = snapshot(second, vec![listener(1, u32::MAX, drops)]);
        now.listeners[0].limit = u32::MAX;
        now.namespaces[0].drops_of_closed = u64::MAX;
        assert_eq!(now.drops_watched(), u64::MAX);
        let changes = Changes { discarded_closed: u64::MAX, ..change(second, 1, u32::MAX, drops) };
        recorder.append(&now, &changes).unwrap();
    }
    let review = review(place.path()).unwrap();
    assert_eq!((review.listeners[0].drops, review.discarded_closed), (u64::MAX, u64::MAX));
    let curve = review.listeners[0].curve.as_ref().unwrap();
    assert!(curve.columns.iter().any(|column| column.drops == u64::MAX));
}

#[test]
fn a_recording_that_was_killed_has_the_lines_before_and_one_that_ended_has_its_number() {
    let place = tempdir().unwrap();
    let text = record(place.path());
    let record = WatchRecord::open(place.path()).unwrap();
    assert_eq!(record.header().lines, Some(5));
    // As a kill leaves it: the header is that of the beginning.
    let killed = WatchHeader { ended: None, end: None, lines: None, ..record.header().clone() };
    write_header(place.path(), &killed);
    for (bytes, lines) in [(text.len(), 5), (text.len() - 1, 4), (0, 0)] {
        fs::write(place.path().join("seconds.jsonl"), &text[..bytes]).unwrap();
        assert_eq!(review(place.path()).unwrap().lines, lines);
    }
    fs::remove_file(place.path().join("seconds.jsonl")).unwrap();
    assert_eq!(review(place.path()).unwrap().lines, 0);
    // An end without the number of lines would hide that lines are missing.
    write_header(place.path(), &WatchHeader { lines: None, ..record.header().clone() });
    refused(place.path(), &text, 6, "watch.json has an end, but no number of lines");
    write_header(place.path(), &WatchHeader { lines: Some(0), ..record.header().clone() });
    refused(place.path(), "", 1, "watch.json states that the recording ended");
}

#[test]
fn a_line_with_more_values_than_a_machine_has_is_neither_read_nor_written() {
    let place = tempdir().unwrap();
    let text = record(place.path());
    let zeros = vec!["0"; 2_000_000].join(",");
    let (first, rest) = text.split_once('\n').unwrap();
    let first = format!("{},\"more\":[{zeros}]}}", &first[..first.len() - 1]);
    refused(place.path(), &format!("{first}\n{rest}"), 1, "and a line has at most 2000000");

    let place = tempdir().unwrap();
    let mut recorder = Recorder::create(place.path(), header()).unwrap();
    let mut large = listener(1, 0, 0);
    large.processes[0].command = vec!["x".to_owned(); 2_000_000];
    let error = recorder.append(&snapshot(1, vec![large]), &no_changes(1)).unwrap_err();
    assert!(error.to_string().contains("a line has at most 2000000"), "{error}");
    let review = review(place.path()).unwrap();
    assert_eq!((review.lines, review.header.end), (0, Some(RecordEnd::Failed)));
}

/// Each kind of line changes little of something large, many times. Before the cost of a line was
/// that of what it has, each took minutes.
#[test]
fn a_record_is_read_in_the_time_of_its_bytes() {
    const LINES: u64 = 15_000;
    let long = "x".repeat(1_000_000);
    let mut large = listener(1, 0, 0);
    large.container = Some(long.clone());
    large.processes = vec![large.processes[0].clone(); 5_000];
    let of = |kind| Trouble {
        kind,
        severity: Severity::Notice,
        text: long.clone(),
        advice: String::new(),
    };
    large.troubles = vec![of(TroubleKind::QueueFull), of(TroubleKind::Stopped)];
    let mut all = snapshot(1, (2..2_000).map(|id| listener(id, 0, 0)).chain([large]).collect());
    all.namespaces[0].counters = (0..50_000).map(|name| (format!("{name}"), 1)).collect();
    all.namespaces[0].troubles = vec![of(TroubleKind::PortsInUse)];
    let change_of = |line: u64| match line % 5 {
        0 => json!({"listeners": [{"id": 1, "depth": line % 7}]}),
        1 => json!({"listeners": [{"id": 1, "connections": {"syn_recv": line}}]}),
        2 => json!({"namespaces": [{"inode": 1, "counters": {format!("{line}"): line}}]}),
        3 => json!({"gaps": [[line * 1_000 - 900, line * 1_000]]}),
        _ => {
            json!({"changes": [{"id": 1, "rows": [[line * 1_000, line * 1_000, line % 9, line]]}]})
        }
    };
    let place = tempdir().unwrap();
    let mut recorder = Recorder::create(place.path(), header()).unwrap();
    let changes = Changes { began_ns: 0, until_ns: 1_000, ..no_changes(1) };
    recorder.append(&all, &changes).unwrap();
    drop(recorder);
    let file = place.path().join("seconds.jsonl");
    let mut text = fs::read_to_string(&file).unwrap();
    for line in 2..=LINES {
        let mut value = json!({"line": line, "at_us": line * 1_000, "at": "", "effort": {}});
        let change = change_of(line);
        value.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        writeln!(text, "{value}").unwrap();
    }
    fs::write(&file, text).unwrap();
    let cpu = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    let before = cpu();
    let review = review(place.path()).unwrap();
    let took = cpu() - before;
    assert_eq!((review.lines as u64, review.listeners.len()), (LINES, 1_999));
    assert_eq!(review.gaps.number, LINES / 5);
    // It takes about a second.
    assert!(took < Duration::from_secs(40), "{took:?}");
}

fn write_header(directory: &Path, header: &WatchHeader) {
    let text = serde_json::to_string(header).unwrap();
    fs::write(directory.join("watch.json"), text).unwrap();
}

/// Lines that are refused for a reason that names this line.
#[track_caller]
fn refused(directory: &Path, lines: &str, line: usize, reason: &str) {
    fs::write(directory.join("seconds.jsonl"), lines).unwrap();
    let error = review(directory).unwrap_err();
    let place = format!("seconds.jsonl, line {line}: ");
    assert!(error.contains(&place) && error.contains(reason), "{error}, not {place}{reason}");
}
