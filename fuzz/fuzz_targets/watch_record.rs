//! The reader of recorded watches, and the review of what it reads. What is accepted has its
//! lines in order and reads the same again, and its review has what its lines have.
//!
//! An input has the contents of `watch.json` and `seconds.jsonl`, separated by the byte 0x1e.

#![no_main]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use watch_recording::{Review, WatchRecord};

/// In memory where possible.
static ROOT: LazyLock<TempDir> = LazyLock::new(|| {
    TempDir::new_in("/dev/shm").or_else(|_| TempDir::new()).expect("a directory is created")
});

fuzz_target!(|input: &[u8]| {
    let place = ROOT.path();
    let (header, lines) = match input.iter().position(|&byte| byte == 0x1e) {
        Some(end) => (&input[..end], &input[end + 1..]),
        None => (input, &[][..]),
    };
    fs::write(place.join("watch.json"), header).expect("it is written");
    fs::write(place.join("seconds.jsonl"), lines).expect("it is written");
    read(place);
});

fn read(place: &Path) {
    let record = match WatchRecord::open(place) {
        Ok(record) => record,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let (mut number, mut at_us) = (0, None);
    let (mut listeners, mut namespaces) = (BTreeSet::new(), BTreeSet::new());
    let replayed = record.replay(|state, line| {
        number += 1;
        assert_eq!(line.line, number, "in order");
        assert!(at_us.is_none_or(|before| before < line.at_us), "later than the line before");
        at_us = Some(line.at_us);
        listeners.extend(state.listeners().map(|listener| listener.id));
        namespaces.extend(state.namespaces().map(|namespace| namespace.inode));
        state.snapshot(line).drops_watched();
    });
    let review = match (replayed, Review::read(&record)) {
        (Ok(lines), Ok(review)) => {
            assert_eq!((lines, review.lines), (number as usize, number as usize));
            review
        }
        (Err(one), Err(other)) => return assert_eq!(one.to_string(), other.to_string()),
        (one, other) => panic!("read once only: {one:?}, {:?}", other.err()),
    };
    assert!(
        record
            .header()
            .lines
            .is_none_or(|stated| stated == number || record.header().end.is_none())
    );
    assert_eq!(
        review.listeners.iter().map(|it| it.listener.id).collect::<BTreeSet<_>>(),
        listeners
    );
    assert_eq!(
        review.namespaces.iter().map(|it| it.namespace.inode).collect::<BTreeSet<_>>(),
        namespaces
    );
    for listener in &review.listeners {
        review.namespace_of(listener);
        let ordered = listener.episodes.iter().all(|episode| episode.from_us <= episode.to_us);
        assert!(ordered, "{:?}", listener.episodes);
    }
    let again = Review::read(&record).expect("it was read");
    assert_eq!(format!("{review:?}"), format!("{again:?}"));
}
