//! A run that goes on: who asks after it, and what it tells of itself.

use super::*;

#[test]
fn whether_a_run_goes_on_is_asked_without_disturbing_it() {
    let root = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(root.path(), &run_record()).unwrap();
    let path = directory.path().to_owned();
    assert!(RunDirectory::is_running(&path));
    drop(directory);
    assert!(!RunDirectory::is_running(&path), "nobody has it open");
    assert!(!RunDirectory::is_running(root.path()), "there is no run");
    let (is_over, was_seen) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                was_seen.fetch_or(RunDirectory::is_running(&path), Ordering::Relaxed);
            }
        });
        // A lock taken to ask would be in the way of one of these.
        let began = Instant::now();
        let is_enough = |times| times >= 1000 && was_seen.load(Ordering::Relaxed);
        let mut times = 0;
        let mut opened = true;
        while opened && !is_enough(times) && began.elapsed() < Duration::from_secs(20) {
            opened = RunDirectory::resume(&path).is_ok();
            times += 1;
        }
        is_over.store(true, Ordering::Relaxed);
        assert!(opened, "the {times}th time");
        assert!(was_seen.load(Ordering::Relaxed), "it was asked for meanwhile");
    });
}

#[test]
fn what_a_run_does_now_is_told_while_somebody_runs_it_and_by_nothing_that_is_left() {
    let root = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(root.path(), &run_record()).unwrap();
    let path = directory.path().to_owned();
    assert_eq!(Live::read(&path), None, "nothing yet");
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
    live.write(&path).unwrap();
    assert_eq!(Live::read(&path), Some(live.clone()));
    assert!(RunDirectory::read(&path).is_ok(), "it is no part of the record");
    std::fs::write(path.join("live.json"), "{ half").unwrap();
    assert_eq!(Live::read(&path), None, "what is none");
    live.write(&path).unwrap();
    // As after a kill: the file is there, and nobody runs.
    drop(directory);
    assert!(path.join("live.json").exists());
    assert_eq!(Live::read(&path), None);
    let (_directory, _, _) = RunDirectory::resume(&path).unwrap();
    Live::remove(&path);
    assert!(!path.join("live.json").exists());
    assert_eq!(Live::read(&path), None);
}

#[test]
fn who_follows_a_run_reads_each_trial_once() {
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
    // A line that is being written is not there yet.
    let trials = path.join("trials.jsonl");
    let mut half = std::fs::read(&trials).unwrap();
    half.extend_from_slice(b"{\"id\": 5");
    std::fs::write(&trials, half).unwrap();
    assert_eq!(ids(end), (vec![], end));
}
