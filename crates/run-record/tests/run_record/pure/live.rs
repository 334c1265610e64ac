//! A run in progress: whether it runs, its live state and its new trials.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use jiff::Timestamp;
use run_record::{AcceptQueue, Live, LivePhase, LiveQueues, LiveTrial, RunDirectory};
use serde_json::json;

use crate::support::{run_record, trial};

#[test]
fn checking_whether_a_run_is_running_does_not_disturb_it() {
    let root = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(root.path(), &run_record()).unwrap();
    let path = directory.path().to_owned();
    assert!(RunDirectory::is_running(&path));
    drop(directory);
    assert!(!RunDirectory::is_running(&path), "it is closed");
    assert!(!RunDirectory::is_running(root.path()), "it is not a run");
    let (is_over, was_running) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                was_running.fetch_or(RunDirectory::is_running(&path), Ordering::Relaxed);
            }
        });
        // If the check took a lock, one of these would fail.
        let began = Instant::now();
        let is_enough = |opens| opens >= 1000 && was_running.load(Ordering::Relaxed);
        let mut opens = 0;
        let mut opened = true;
        while opened && !is_enough(opens) && began.elapsed() < Duration::from_secs(20) {
            opened = RunDirectory::resume(&path).is_ok();
            opens += 1;
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(opened, "open number {opens} failed");
        assert!(was_running.load(Ordering::Relaxed), "no check saw it running");
    });
}

#[test]
fn the_live_state_is_read_only_while_the_run_is_running() {
    let root = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(root.path(), &run_record()).unwrap();
    let path = directory.path().to_owned();
    assert_eq!(Live::read(&path), None, "not written yet");
    let queues = LiveQueues {
        at: Timestamp::UNIX_EPOCH,
        accept_queue: Some(AcceptQueue { depth: 11, limit: 10 }),
        listeners: 1,
        deepest: 11,
        syn_recv: 2,
        established: 12,
        time_wait: 0,
    };
    let trial = LiveTrial {
        id: 3,
        cell: 1,
        repetition: 0,
        retry: 0,
        point: IndexMap::from([("server.backlog".to_owned(), json!(10))]),
        began: Timestamp::UNIX_EPOCH,
        phase: LivePhase::Lingering,
        queues: Some(queues),
    };
    let live = Live { trials: vec![trial] };
    live.write(directory.folder()).unwrap();
    assert_eq!(Live::read(&path), Some(live.clone()));
    assert!(RunDirectory::read(&path).is_ok(), "it is not part of the record");
    std::fs::write(path.join("live.json"), "{ half").unwrap();
    assert_eq!(Live::read(&path), None, "invalid JSON");
    live.write(directory.folder()).unwrap();
    // As after a kill: the file remains and no process runs the directory.
    drop(directory);
    assert!(path.join("live.json").exists());
    assert_eq!(Live::read(&path), None);
    let (directory, _, _) = RunDirectory::resume(&path).unwrap();
    Live::remove(directory.folder());
    assert!(!path.join("live.json").exists());
    assert_eq!(Live::read(&path), None);
}

#[test]
fn following_a_run_reads_each_trial_once() {
    let root = tempfile::tempdir().unwrap();
    let mut directory = RunDirectory::create(root.path(), &run_record()).unwrap();
    let path = directory.path().to_owned();
    let ids = |from: u64| {
        let (trials, end) = RunDirectory::read_trials_from(&path, from).unwrap();
        (trials.iter().map(|trial| trial.id).collect::<Vec<_>>(), end)
    };
    assert_eq!(ids(0), (vec![], 0));
    directory.append(&trial(4)).unwrap();
    directory.append(&trial(2)).unwrap();
    let (found, end) = ids(0);
    assert_eq!(found, [4, 2]);
    assert_eq!(ids(end), (vec![], end));
    // An incomplete line is not read yet.
    let trials = path.join("trials.jsonl");
    let mut incomplete = std::fs::read(&trials).unwrap();
    incomplete.extend_from_slice(b"{\"id\": 5");
    std::fs::write(&trials, incomplete).unwrap();
    assert_eq!(ids(end), (vec![], end));
}
