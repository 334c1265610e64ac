//! What `report` and `show` print of a recorded watch whose lines were changed after it.

use std::fs;
use std::path::Path;

use watch_record::Changes;
use watch_recording::{RecordEnd, Recorder, WatchHeader, testing};

use crate::support::{all_output, in_one_line, out_directory, queuelab, text};

/// A record of five seconds that ended in order.
fn record(directory: &Path) {
    let mut recorder = Recorder::create(directory, testing::header(1 << 30)).unwrap();
    for second in 1..=5 {
        let changes = Changes { until_ns: second * 1_000_000_000, ..Changes::default() };
        recorder.append(&testing::without_listeners(second), &changes).unwrap();
    }
    recorder.finish(RecordEnd::Stopped).unwrap();
}

#[test]
fn changed_lines_are_an_error_and_a_killed_recording_says_what_it_has() {
    let place = out_directory();
    record(place.path());
    let (file, head) = (place.path().join("seconds.jsonl"), place.path().join("watch.json"));
    let whole = fs::read_to_string(&file).unwrap();
    let lines: Vec<_> = whole.split_inclusive('\n').collect();
    let shown = |lines: &str, code: i32, expected: &str| {
        fs::write(&file, lines).unwrap();
        for command in ["report", "show"] {
            let output = queuelab(&[command, place.path().to_str().unwrap()]).output().unwrap();
            assert_eq!(output.status.code(), Some(code), "{}", all_output(&output));
            let printed = text(if code == 0 { &output.stdout } else { &output.stderr });
            let printed = in_one_line(&printed).replace('\u{a0}', " ");
            assert!(printed.contains(expected), "{printed}");
        }
    };
    shown(&whole, 0, "There was no listener in the 4 s recorded.");
    shown(&lines[..3].concat(), 2, "seconds.jsonl, line 4: it is missing");
    shown(&[lines[0], lines[1], lines[1]].concat(), 2, "seconds.jsonl, line 3: a line is repeated");
    shown(&[lines[0], lines[2]].concat(), 2, "seconds.jsonl, line 2: lines are missing");
    shown("", 2, "seconds.jsonl, line 1: it is missing");
    // As a kill leaves it.
    let header: WatchHeader = serde_json::from_str(&fs::read_to_string(&head).unwrap()).unwrap();
    let header = WatchHeader { ended: None, end: None, lines: None, ..header };
    fs::write(&head, serde_json::to_string(&header).unwrap()).unwrap();
    let partial = format!("{}{}", lines[..3].concat(), &lines[3][..20]);
    shown(&partial, 0, "The recording was not ended");
    shown(&partial, 0, "It has 3 lines of 2 s");
    shown("", 0, "Nothing is recorded: the program or the machine stopped before its first line");
}
