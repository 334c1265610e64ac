//! A run in progress: whether it runs, its live state and its new trials.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use run_record::{
    AcceptQueue, Folder, FollowedTrials, Live, LivePhase, LiveQueues, LiveTrial, RunDirectory,
};
use serde_json::json;

use crate::support::{run_record, trial, trials_file};

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

fn read(run: &Path) -> Option<Live> {
    Live::read(&Folder::open(run).unwrap())
}

#[test]
fn the_live_state_is_read_only_while_the_run_is_running() {
    let root = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(root.path(), &run_record()).unwrap();
    let path = directory.path().to_owned();
    assert_eq!(read(&path), None, "not written yet");
    let queues = LiveQueues {
        at_ns: 7,
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
        began_ns: 5,
        phase: LivePhase::Lingering,
        queues: Some(queues),
    };
    let live = Live { trials: vec![trial] };
    live.write(directory.folder()).unwrap();
    assert_eq!(read(&path), Some(live.clone()));
    assert!(RunDirectory::read(&path).is_ok(), "it is not part of the record");
    std::fs::write(path.join("live.json"), "{ half").unwrap();
    assert_eq!(read(&path), None, "invalid JSON");
    live.write(directory.folder()).unwrap();
    // As after a kill: the file remains and no process runs the directory.
    drop(directory);
    assert!(path.join("live.json").exists());
    assert_eq!(read(&path), None);
    let (directory, _, _) = RunDirectory::resume(&path).unwrap();
    Live::remove(directory.folder());
    assert!(!path.join("live.json").exists());
    assert_eq!(read(&path), None);
}

#[test]
fn following_a_run_reads_each_trial_once() {
    let root = tempfile::tempdir().unwrap();
    let mut directory = RunDirectory::create(root.path(), &run_record()).unwrap();
    let folder = directory.folder().clone();
    let mut followed = FollowedTrials::new(&run_record());
    let mut ids = || {
        let mut trials = Vec::new();
        let read =
            followed.read(&folder, |trial| trials.push(trial)).map_err(|error| error.to_string());
        (trials.iter().map(|trial| trial.id).collect::<Vec<_>>(), read)
    };
    assert_eq!(ids(), (vec![], Ok(())));
    directory.append(&trial(4)).unwrap();
    directory.append(&trial(2)).unwrap();
    assert_eq!(ids(), (vec![4, 2], Ok(())));
    assert_eq!(ids(), (vec![], Ok(())));
    // An incomplete line is not read yet.
    let file = trials_file(directory.path());
    let complete = std::fs::read(&file).unwrap();
    let write = |more: &str| std::fs::write(&file, [&complete, more.as_bytes()].concat()).unwrap();
    write("{\"id\": 5");
    assert_eq!(ids(), (vec![], Ok(())));
    // Trials before one that is not planned are read, and it is read again later.
    let line = |id: u32| serde_json::to_string(&trial(id)).unwrap() + "\n";
    for (strange, reason) in [
        (line(77), "trials.jsonl, line 4: trial 77 is not planned"),
        (line(2), "trials.jsonl, line 4: duplicate trial 2"),
        ("{}\n".to_owned(), "trials.jsonl, line 4: missing field"),
    ] {
        write(&(line(3) + &strange));
        let (read, error) = ids();
        assert!(error.as_ref().unwrap_err().contains(reason), "{error:?}");
        assert!(read.is_empty() || read == [3], "once: {read:?}");
    }
    write(&(line(3) + &line(5)));
    assert_eq!(ids(), (vec![5], Ok(())));
}
