//! How large a record becomes.

use std::collections::BTreeSet;
use std::fs;

use tempfile::tempdir;
use watch_record::{ClosedListener, WatchedListener};
use watch_recording::{Appended, RecordEnd, Recorder, WatchHeader, WatchRecord};

use crate::support::{change, header, listener, no_changes, snapshot, snapshots};

#[test]
fn a_recording_ends_at_its_limit_and_says_so() {
    let place = tempdir().unwrap();
    let limit_bytes = 20_000;
    let mut recorder =
        Recorder::create(place.path(), WatchHeader { limit_bytes, ..header() }).unwrap();
    let mut recorded = 0;
    let end = (1..).find_map(|second| {
        let now = snapshot(second, vec![listener(1, second as u32 % 7, second)]);
        match recorder.append(&now, &change(second, 1, second as u32 % 7, second)).unwrap() {
            Appended::Recorded => {
                recorded += 1;
                None
            }
            Appended::Ended(end) => Some(end),
        }
    });
    assert_eq!(end, Some(RecordEnd::LimitReached));
    let bytes = fs::metadata(place.path().join("seconds.jsonl")).unwrap().len();
    assert!(bytes <= limit_bytes && bytes > limit_bytes - 2_000, "{bytes}");
    assert_eq!((recorder.bytes(), snapshots(place.path()).len()), (bytes, recorded));
    recorder.finish(RecordEnd::Stopped).unwrap();
    let again = recorder.append(&snapshot(999, vec![]), &no_changes(999)).unwrap();
    assert_eq!(again, Appended::Ended(RecordEnd::LimitReached));
    let header = WatchRecord::open(place.path()).unwrap().header().clone();
    assert_eq!(header.end, Some(RecordEnd::LimitReached));
}

/// Two hundred listeners that wait for clients, whose ages and CPU time change all the time.
#[test]
fn an_hour_of_idle_listeners_is_small() {
    let place = tempdir().unwrap();
    let mut recorder = Recorder::create(place.path(), header()).unwrap();
    for second in 1..=3_600 {
        let idle = |id| {
            let mut listener = listener(id, 0, 0);
            let flicker = ((second * 7 + id * 13) % 10) as f64 / 1_000.0;
            let process = &mut listener.processes[0];
            process.cpu_share = Some(flicker);
            process.run_delay_share = Some(flicker / 2.0);
            listener.connections.as_mut().unwrap().age_seconds = flicker;
            listener
        };
        let now = snapshot(second, (1..=200).map(idle).collect());
        assert_eq!(recorder.append(&now, &no_changes(second)).unwrap(), Appended::Recorded);
    }
    let first = 200 * 1_500;
    assert!(recorder.bytes() < first + 3_600 * 400, "{} bytes", recorder.bytes());
    let read = snapshots(place.path());
    assert_eq!((read.len(), read[3_599].listeners.len()), (3_600, 200));
    assert_eq!(read[3_599].effort.looks, 360_000);
}

#[test]
fn listeners_that_come_and_go_are_in_their_lines_and_then_forgotten() {
    let place = tempdir().unwrap();
    let mut recorder = Recorder::create(place.path(), header()).unwrap();
    let mut append = |second, ids: &[u64], closed: &[u64]| {
        let now = snapshot(second, ids.iter().map(|&id| listener(id, 0, 0)).collect());
        let mut changes = no_changes(second);
        let closed = closed.iter().map(|&id| ClosedListener {
            listener: listener(id, 3, 9),
            last_look_ns: changes.until_ns - 500_000_000,
            gone_ns: changes.until_ns - 490_000_000,
        });
        changes.closed = closed.collect();
        recorder.append(&now, &changes).unwrap();
    };
    append(1, &[1, 2], &[]);
    // 2 closes, 3 came and closed between two lines, 1 does not meet the filter any more.
    append(2, &[4], &[2, 3]);
    append(3, &[4], &[]);
    let record = WatchRecord::open(place.path()).unwrap();
    let mut seen: Vec<(BTreeSet<u64>, Vec<_>)> = Vec::new();
    let mut last: Option<WatchedListener> = None;
    record
        .replay(|state, line| {
            let gone = line.gone.iter().map(|gone| (gone.id, gone.closed.is_some()));
            seen.push((state.listeners().map(|it| it.id).collect(), gone.collect()));
            last = state.listener(3).cloned().or(last.take());
        })
        .unwrap();
    assert_eq!(seen[0], ([1, 2].into(), vec![]));
    assert_eq!(seen[1], ([1, 2, 3, 4].into(), vec![(2, true), (3, true), (1, false)]));
    assert_eq!(seen[2], ([4].into(), vec![]));
    assert_eq!(last.map(|it| (it.depth, it.drops_watched)), Some((3, 9)));
}
