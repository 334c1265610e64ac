//! Records that were killed, changed, or come from a stranger.

use std::fs;
use std::os::unix::fs::symlink;

use run_record::{RunDirectory, RunDirectoryError};
use tempfile::tempdir;
use watch_recording::{RecordEnd, Recorder, WatchRecord};

use crate::support::{
    change, header, listener, no_changes, record_three_seconds, snapshot, snapshots,
};

#[test]
fn what_is_read_is_what_was_recorded() {
    let place = tempdir().unwrap();
    let directory = place.path().join("runs/incident");
    record_three_seconds(&directory);
    let read = snapshots(&directory);
    for (second, read) in (1..).zip(&read) {
        let depth = second as u32;
        let expected = snapshot(second, vec![listener(1, depth, 0), listener(2, 0, 0)]);
        assert_eq!(*read, expected);
    }
    assert_eq!(read.len(), 3);
    let record = WatchRecord::open(&directory).unwrap();
    let mut depths = Vec::new();
    let rows = |line: &watch_recording::RecordLine| {
        line.changes.iter().flat_map(|changes| changes.rows.clone()).collect::<Vec<_>>()
    };
    record.replay(|_, line| depths.extend(rows(line))).unwrap();
    let expected = [1, 2, 3].map(|second: u32| {
        let at_us = u64::from(second) * 1_000_000 - 500_000;
        watch_recording::ChangeRow(at_us, at_us - 10_000, second, 0)
    });
    assert_eq!(depths, expected);
}

#[test]
fn a_record_cut_at_any_byte_of_its_last_line_has_the_lines_before_it() {
    let place = tempdir().unwrap();
    record_three_seconds(place.path());
    let file = place.path().join("seconds.jsonl");
    let all = fs::read(&file).unwrap();
    let last = all[..all.len() - 1].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
    assert!(all.len() - last > 50);
    for length in last..all.len() {
        fs::write(&file, &all[..length]).unwrap();
        assert_eq!(snapshots(place.path()).len(), 2, "{length} of {} bytes", all.len());
    }
    fs::write(&file, &all).unwrap();
    assert_eq!(snapshots(place.path()).len(), 3);
}

#[test]
fn a_recording_is_in_progress_until_it_is_dropped_and_says_why_it_ended() {
    let place = tempdir().unwrap();
    let mut recorder = Recorder::create(place.path(), header()).unwrap();
    let record = || WatchRecord::open(place.path()).unwrap();
    assert!(record().is_recording());
    assert_eq!(record().header().end, None);
    recorder.append(&snapshot(1, vec![]), &no_changes(1)).unwrap();
    recorder.finish(RecordEnd::Stopped).unwrap();
    drop(recorder);
    assert!(!record().is_recording());
    assert_eq!(record().header().end, Some(RecordEnd::Stopped));
    assert!(record().header().ended.is_some());
}

#[test]
fn a_directory_with_something_in_it_is_not_recorded_into() {
    let place = tempdir().unwrap();
    let refused = || match Recorder::create(place.path(), header()) {
        Err(RunDirectoryError::NotEmpty(path)) => path == place.path(),
        other => panic!("{other:?}"),
    };
    fs::write(place.path().join("notes"), "").unwrap();
    assert!(refused());
    fs::remove_file(place.path().join("notes")).unwrap();
    record_three_seconds(place.path());
    assert!(refused());
    // One that was killed before its header was complete.
    fs::rename(place.path().join("watch.json"), place.path().join("watch.json.partial")).unwrap();
    assert!(refused(), "there are lines in it");
    fs::write(place.path().join("seconds.jsonl"), "").unwrap();
    record_three_seconds(place.path());
    assert_eq!(snapshots(place.path()).len(), 3);
}

#[test]
fn no_link_is_followed() {
    let place = tempdir().unwrap();
    let victim = place.path().join("victim");
    fs::write(&victim, "").unwrap();
    let directory = place.path().join("record");
    fs::create_dir(&directory).unwrap();
    let lines = directory.join("seconds.jsonl");
    let refused = |error: RunDirectoryError, what: &str| {
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!(fs::read(&victim).unwrap(), b"");
    };
    symlink(&victim, &lines).unwrap();
    refused(Recorder::create(&directory, header()).unwrap_err(), "it is a symbolic link");
    fs::remove_file(&lines).unwrap();
    fs::hard_link(&victim, &lines).unwrap();
    refused(Recorder::create(&directory, header()).unwrap_err(), "it is a hard link");
    fs::remove_file(&lines).unwrap();
    // A link in place of the header is replaced, and what it leads to stays as it is.
    symlink(&victim, directory.join("watch.json.partial")).unwrap();
    record_three_seconds(&directory);
    assert_eq!(fs::read(&victim).unwrap(), b"");
    let header = directory.join("watch.json");
    fs::rename(&header, place.path().join("header")).unwrap();
    symlink(place.path().join("header"), &header).unwrap();
    assert!(!WatchRecord::exists_at(&directory));
    let error = WatchRecord::open(&directory).unwrap_err();
    assert!(error.to_string().contains("it is a symbolic link"), "{error}");
}

#[test]
fn a_file_that_another_program_changes_ends_the_recording() {
    let place = tempdir().unwrap();
    let lines = place.path().join("seconds.jsonl");
    let mut recorder = Recorder::create(place.path(), header()).unwrap();
    let mut append = |second| recorder.append(&snapshot(second, vec![]), &no_changes(second));
    append(1).unwrap();
    fs::write(&lines, "").unwrap();
    let error = append(2).unwrap_err();
    assert!(matches!(error, RunDirectoryError::Changed { .. }), "{error}");
    let appended = append(3).unwrap();
    assert_eq!(appended, watch_recording::Appended::Ended(RecordEnd::Failed));
    assert_eq!(fs::read(&lines).unwrap(), b"");
}

#[test]
fn damaged_lines_and_newer_versions_are_refused_with_their_place() {
    let place = tempdir().unwrap();
    record_three_seconds(place.path());
    let (lines, head) = (place.path().join("seconds.jsonl"), place.path().join("watch.json"));
    let good = fs::read_to_string(&lines).unwrap();
    let first = good.lines().next().unwrap();
    let second = good.lines().nth(1).unwrap();
    for (second, reason) in [
        ("{}", "missing field"),
        ("x", "expected value"),
        (&second.replace("\"id\":1,\"d", "\"d"), "a listener without an id"),
        (&second.replace("\"depth\":2", "\"depth\":-2"), "depth: invalid value"),
    ] {
        fs::write(&lines, format!("{first}\n{second}\n")).unwrap();
        let error = WatchRecord::open(place.path()).unwrap().replay(|_, _| ()).unwrap_err();
        let error = error.to_string();
        assert!(error.contains("seconds.jsonl, line 2: ") && error.contains(reason), "{error}");
    }
    // What changed of a listener that was never described.
    fs::write(&lines, format!("{}\n", second.replace("\"line\":2", "\"line\":1"))).unwrap();
    let error = WatchRecord::open(place.path()).unwrap().replay(|_, _| ()).unwrap_err();
    assert!(error.to_string().contains("line 1: what changed of"), "{error}");
    let header = fs::read_to_string(&head).unwrap();
    fs::write(&head, header.replace("\"schema_version\": 1", "\"schema_version\": 2")).unwrap();
    let error = WatchRecord::open(place.path()).unwrap_err();
    assert!(error.to_string().contains("versions up to 1"), "{error}");
}

#[test]
fn a_record_is_not_taken_for_a_run() {
    let place = tempdir().unwrap();
    record_three_seconds(place.path());
    let error = RunDirectory::read(place.path()).unwrap_err();
    assert!(error.to_string().contains("it is the record of a watch"), "{error}");
    let empty = tempdir().unwrap();
    let error = WatchRecord::open(empty.path()).unwrap_err();
    assert!(matches!(error, RunDirectoryError::NotAWatch(_)), "{error}");
}

#[test]
fn names_with_control_characters_are_recorded_as_they_are() {
    let place = tempdir().unwrap();
    let mut hostile = listener(1, 0, 0);
    hostile.processes[0].name = "\u{1b}[2J<script>\n\u{202e}".to_owned();
    let now = snapshot(1, vec![hostile]);
    let mut recorder = Recorder::create(place.path(), header()).unwrap();
    recorder.append(&now, &change(1, 1, 0, 0)).unwrap();
    let text = fs::read_to_string(place.path().join("seconds.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 1);
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    assert_eq!(snapshots(place.path()), [now]);
}
