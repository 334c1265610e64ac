//! A run directory: what is written can be read, and damage is reported.

use run_record::{
    CheckKind, DepthSource, QueueRows, RunDirectory, RunDirectoryError, RunRecord, TimelineRow,
    TrialRecord, Unobserved,
};

use crate::support::{row, run_record, trial, trials_file};

#[test]
fn what_is_appended_is_read_back() {
    let out = tempfile::tempdir().unwrap();
    let run = run_record();
    let mut directory = RunDirectory::create(out.path(), &run).unwrap();
    assert!(directory.path().ends_with("test/1970-01-01T00-00-00Z"), "{directory:?}");
    directory.append(&trial(0)).unwrap();
    directory.append(&trial(1)).unwrap();
    let (read, trials) = RunDirectory::read(directory.path()).unwrap();
    assert_eq!(read, run);
    assert_eq!(trials, [trial(0), trial(1)]);
}

#[test]
fn floats_are_read_back_to_their_last_bit() {
    let out = tempfile::tempdir().unwrap();
    let run = RunRecord { planned_trials: 1002, ..run_record() };
    let mut directory = RunDirectory::create(out.path(), &run).unwrap();
    let trial_with_rate = |id: u32| {
        let mut trial = trial(id);
        // A less precise parser reads the first one as a neighbouring number.
        let other = f64::from(id) * 1_000.0 / 7.3;
        trial.rates.delivered = if id == 0 { 97.695_432_165_074_11 } else { other };
        trial
    };
    for id in 0..1_000 {
        directory.append(&trial_with_rate(id)).unwrap();
    }
    let (_, trials) = RunDirectory::read(directory.path()).unwrap();
    for (id, trial) in (0..).zip(trials) {
        assert_eq!(
            trial.rates.delivered.to_bits(),
            trial_with_rate(id).rates.delivered.to_bits(),
            "{id}"
        );
    }
}

#[test]
fn a_trial_without_a_connect_histogram_is_read_and_written_unchanged() {
    let out = tempfile::tempdir().unwrap();
    let mut directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    let mut later = trial(1);
    later.connect_histogram = Some([40_000, 1_000_300_000].into_iter().collect());
    directory.append(&trial(0)).unwrap();
    directory.append(&later).unwrap();
    let lines = std::fs::read_to_string(trials_file(directory.path())).unwrap();
    let has_histogram: Vec<_> =
        lines.lines().map(|line| line.contains("connect_histogram")).collect();
    assert_eq!(has_histogram, [false, true]);
    let (_, trials) = RunDirectory::read(directory.path()).unwrap();
    assert_eq!(trials, [trial(0), later]);
    assert_eq!(trials[0].connect_histogram, None);
}

#[test]
fn runs_started_in_the_same_second_get_different_directories() {
    let out = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..3)
        .map(|_| RunDirectory::create(out.path(), &run_record()).unwrap().path().to_owned())
        .collect();
    assert!(paths[0] != paths[1] && paths[1] != paths[2] && paths[0] != paths[2], "{paths:?}");
}

#[test]
fn a_truncated_last_line_is_dropped_and_overwritten() {
    let out = tempfile::tempdir().unwrap();
    let mut directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    directory.append(&trial(0)).unwrap();
    directory.append(&trial(1)).unwrap();
    let path = directory.path().to_owned();
    let complete = std::fs::read(trials_file(&path)).unwrap();
    std::fs::write(trials_file(&path), &complete[..complete.len() - 9]).unwrap();

    drop(directory);
    let (mut directory, _, done) = RunDirectory::resume(&path).unwrap();
    assert_eq!(done, [trial(0)]);
    directory.append(&trial(2)).unwrap();
    assert_eq!(RunDirectory::read(&path).unwrap().1, [trial(0), trial(2)]);
}

#[test]
fn a_malformed_line_is_an_error_with_its_number() {
    let out = tempfile::tempdir().unwrap();
    let mut directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    directory.append(&trial(0)).unwrap();
    let path = directory.path().to_owned();
    let mut text = std::fs::read_to_string(trials_file(&path)).unwrap();
    text.push_str("{\"id\": \"no number\"}\n");
    std::fs::write(trials_file(&path), text).unwrap();
    match RunDirectory::read(&path) {
        Err(RunDirectoryError::Malformed { line: 2, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_directory_has_one_writer() {
    let out = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    let path = directory.path().to_owned();
    let error = RunDirectory::resume(&path).unwrap_err();
    assert!(matches!(error, RunDirectoryError::Busy(_)), "{error}");
    assert!(RunDirectory::read(&path).is_ok(), "reading needs no lock");
    drop(directory);
    RunDirectory::resume(&path).unwrap();
}

#[test]
fn a_duplicate_trial_is_an_error() {
    let out = tempfile::tempdir().unwrap();
    let mut directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    directory.append(&trial(3)).unwrap();
    directory.append(&trial(3)).unwrap();
    let error = RunDirectory::read(directory.path()).unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("trial 3"), "{error}");
}

#[test]
fn a_retry_is_stored_beside_the_first_run() {
    let out = tempfile::tempdir().unwrap();
    let run = RunRecord { retries: 1, ..run_record() };
    let mut directory = RunDirectory::create(out.path(), &run).unwrap();
    let retry = TrialRecord { retry: 1, ..trial(3) };
    for execution in [&trial(3), &retry] {
        directory.append(execution).unwrap();
        directory.write_timeline(execution.execution_id(), &[row()]).unwrap();
    }
    let path = directory.path();
    assert_eq!(RunDirectory::read(path).unwrap().1, [trial(3), retry.clone()]);
    let text = std::fs::read_to_string(trials_file(path)).unwrap();
    assert_eq!(text.matches("\"retry\"").count(), 1, "the first run has no `retry`");
    assert!(path.join("timelines/00003.csv").is_file());
    assert!(RunDirectory::read_timeline(path, retry.execution_id()).unwrap().is_some());
    directory.append(&retry).unwrap();
    let error = RunDirectory::read(directory.path()).unwrap_err().to_string();
    assert!(error.contains("line 3") && error.contains("trial 3, retry 1"), "{error}");
}

#[test]
fn a_directory_without_a_run_is_an_error() {
    let out = tempfile::tempdir().unwrap();
    let error = RunDirectory::read(out.path()).unwrap_err();
    assert!(matches!(error, RunDirectoryError::NotARun(_)), "{error}");
}

#[test]
fn violations_are_the_failed_checks() {
    let mut trial = trial(0);
    assert!(trial.held());
    trial.laws[0].held = Some(false);
    let violations: Vec<_> = trial.violations().map(|it| it.to_string()).collect();
    assert_eq!(violations, ["law `capacity`: predicted 2, measured 2"]);
    trial.laws[0].latest = Some(2.08);
    let violation = trial.violations().next().unwrap();
    assert_eq!(violation.kind, CheckKind::Law);
    assert_eq!(violation.detail, "predicted 2, at most 2.08, measured 2");
}

#[test]
fn a_timeline_is_read_back_as_written() {
    let out = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    let first = TimelineRow {
        at_ns: 5,
        listener: Some(0),
        depth: Some(3),
        source: Some(DepthSource::AcceptLoop),
        from_ns: Some(4),
        called_ns: Some(2),
        taken: Some(7),
        ..row()
    };
    let rows = [first, TimelineRow { at_ns: 9, missed: 4, ..TimelineRow::default() }];
    directory.write_timeline(7, &rows).unwrap();
    let file = directory.path().join("timelines/00007.csv");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        text,
        "at_ns,listener,depth,limit,syn_recv,established,time_wait,fin_wait_2,\
         socket_memory_bytes,missed,source,from_ns,called_ns,taken\n\
         5,0,3,2,1,8,0,0,4096,0,accept_loop,4,2,7\n9,,,,,,,,,4,,,,\n"
    );
    let read = |trial| RunDirectory::read_timeline(directory.path(), trial);
    assert_eq!(read(7).unwrap().unwrap(), rows);
    assert_eq!(read(8).unwrap(), None, "it has no timeline");
    std::fs::write(&file, text + "9,invalid,,,,,,,,4,,,,\n").unwrap();
    match read(7) {
        Err(RunDirectoryError::Malformed { line: 4, .. }) => {}
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_timeline_of_an_older_build_is_one_of_the_probe() {
    let out = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    directory.write_timeline(7, &[row()]).unwrap();
    let older = "at_ns,listener,depth,limit,syn_recv,established,time_wait,fin_wait_2,\
                 socket_memory_bytes,missed\n5,0,3,2,1,8,0,0,4096,0\n";
    std::fs::write(directory.path().join("timelines/00007.csv"), older).unwrap();
    let rows = RunDirectory::read_timeline(directory.path(), 7).unwrap().unwrap();
    let [read] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((read.at_ns, read.depth, read.source), (5, Some(3), None));
    assert_eq!(read.source(), DepthSource::Probe);
    let rows = QueueRows { timeline: &rows, attempts: None, accepts_are_known: true };
    assert_eq!(rows.observations(), Err(Unobserved::OlderRecord));
}
