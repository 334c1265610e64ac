//! The run directory: what is written is read, and a damaged one is told.

mod live;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use jiff::Timestamp;
use run_record::{
    AcceptQueue, Axis, Backend, CheckKind, KernelRules, Live, LivePhase, LiveQueues, LiveTrial,
    Machine, Overrides, RunDirectory, RunDirectoryError, RunRecord, SCHEMA_VERSION, ScenarioRecord,
    SysctlValues, TimelineRow, Tool, TrialRecord,
};
use serde_json::json;

fn run_record() -> RunRecord {
    RunRecord {
        schema_version: SCHEMA_VERSION,
        scenario: ScenarioRecord {
            name: "test".to_owned(),
            question: "Is it kept?".to_owned(),
            resolved: json!({ "server": { "backlog": 10 } }),
            overrides: Overrides { repeat: Some(2), ..Overrides::default() },
        },
        seed: u64::MAX,
        axes: vec![
            Axis { path: "server.backlog".to_owned(), values: vec![json!(1), json!(2)] },
            Axis { path: "load.clients".to_owned(), values: vec![json!(5), json!(6), json!(7)] },
        ],
        planned_trials: 6,
        retries: 0,
        tool: Tool { version: "0.1.0".to_owned(), commit: None },
        build: None,
        interleaved: None,
        machine: Machine {
            kernel: "6.18".to_owned(),
            architecture: "x86_64".to_owned(),
            cpu_model: None,
            cpus: 2,
            memory_bytes: 1 << 34,
        },
        backend: Backend { name: "netns".to_owned(), version: None, details: String::new() },
        sysctls: SysctlValues::default(),
        kernel_rules: KernelRules::default(),
        started: Timestamp::UNIX_EPOCH,
        ended: None,
        resumed: Vec::new(),
        verdict: None,
    }
}

fn trial(id: u32) -> TrialRecord {
    let empty = json!({
        "id": id, "cell": id, "repetition": 0, "point": { "server.backlog": 1 },
        "started": "2026-11-22T00:00:00Z", "duration_seconds": 2.5, "overhead_seconds": 0.125,
        "attempts": 3, "outcomes": { "ok": 2, "timed_out": 1 }, "ok_first_try": 1,
        "syn_retransmits": { "0": 1, "1": 2 },
        "rates": { "window_seconds": 0.1, "offered": 1.0, "ingested": 2.0, "delivered": 0.3,
            "messages_written": 1, "messages_ingested": 1, "deliveries": 2,
            "original_throughput": 0.7 },
        "connect_latency": latency(), "delivery_latency": latency(), "send_lateness": latency(),
        "integrity": { "lost": 0, "doubled": 0, "reordered": 0, "echoed": 0, "foreign": 0,
            "broken_streams": 0 }, "undelivered": 0,
        "errors": { "ETIMEDOUT": 1 },
        "evidence": { "server": { "TcpExt.ListenDrops": 4 }, "client": {},
            "accept_queue": { "depth": 2, "limit": 1 } },
        "sysctls": { "server": {}, "client": {} },
        "accepted": 2, "server_died": null,
        "server": { "failed_writes": 0, "protocol_errors": 0, "accept_errors": {},
            "most_threads": 2, "lock_wait": lock(), "lock_hold": lock(), "usage": usage() },
        "load": usage(),
        "laws": [{ "name": "capacity", "predicted": 2.0, "measured": 2.0, "deviation": 0.0,
            "held": true }],
        "expectations": [], "invariants": [],
    });
    serde_json::from_value(empty).unwrap()
}

fn latency() -> serde_json::Value {
    json!({ "count": 2, "mean_ns": 1.5, "p50_ns": 1, "p90_ns": 2, "p99_ns": 2, "p999_ns": 2,
        "max_ns": 2 })
}

fn lock() -> serde_json::Value {
    json!({ "count": 2, "mean_ns": 1.5, "p99_ns": 2, "max_ns": 2 })
}

fn usage() -> serde_json::Value {
    json!({ "user_seconds": 0.1, "system_seconds": 0.2, "voluntary_switches": 3,
        "involuntary_switches": 4 })
}

fn trials_file(directory: &Path) -> std::path::PathBuf {
    directory.join("trials.jsonl")
}

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
fn figures_are_read_back_to_their_last_bit() {
    let out = tempfile::tempdir().unwrap();
    let mut directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    let of = |id: u32| {
        let mut trial = trial(id);
        // The first was measured, and read as its neighbour.
        let other = f64::from(id) * 1_000.0 / 7.3;
        trial.rates.delivered = if id == 0 { 97.695_432_165_074_11 } else { other };
        trial
    };
    for id in 0..1_000 {
        directory.append(&of(id)).unwrap();
    }
    let (_, trials) = RunDirectory::read(directory.path()).unwrap();
    for (id, trial) in (0..).zip(trials) {
        assert_eq!(trial.rates.delivered.to_bits(), of(id).rates.delivered.to_bits(), "{id}");
    }
}

#[test]
fn a_trial_of_before_connects_were_kept_by_length_is_read_and_written_as_it_was() {
    let out = tempfile::tempdir().unwrap();
    let mut directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    let mut later = trial(1);
    later.connect_histogram = Some([40_000, 1_000_300_000].into_iter().collect());
    directory.append(&trial(0)).unwrap();
    directory.append(&later).unwrap();
    let lines = std::fs::read_to_string(trials_file(directory.path())).unwrap();
    let held: Vec<_> = lines.lines().map(|line| line.contains("connect_histogram")).collect();
    assert_eq!(held, [false, true]);
    let (_, trials) = RunDirectory::read(directory.path()).unwrap();
    assert_eq!(trials, [trial(0), later]);
    assert_eq!(trials[0].connect_histogram, None);
}

#[test]
fn runs_of_the_same_second_get_directories_of_their_own() {
    let out = tempfile::tempdir().unwrap();
    let paths: Vec<_> = (0..3)
        .map(|_| RunDirectory::create(out.path(), &run_record()).unwrap().path().to_owned())
        .collect();
    assert!(paths[0] != paths[1] && paths[1] != paths[2] && paths[0] != paths[2], "{paths:?}");
}

#[test]
fn a_last_line_cut_short_is_dropped_and_written_over() {
    let out = tempfile::tempdir().unwrap();
    let mut directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    directory.append(&trial(0)).unwrap();
    directory.append(&trial(1)).unwrap();
    let path = directory.path().to_owned();
    let whole = std::fs::read(trials_file(&path)).unwrap();
    std::fs::write(trials_file(&path), &whole[..whole.len() - 9]).unwrap();

    drop(directory);
    let (mut directory, _, done) = RunDirectory::resume(&path).unwrap();
    assert_eq!(done, [trial(0)]);
    directory.append(&trial(2)).unwrap();
    assert_eq!(RunDirectory::read(&path).unwrap().1, [trial(0), trial(2)]);
}

#[test]
fn a_damaged_line_is_named() {
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
    assert!(RunDirectory::read(&path).is_ok(), "whoever reads does not disturb");
    drop(directory);
    RunDirectory::resume(&path).unwrap();
}

#[test]
fn a_trial_that_is_there_twice_is_damage() {
    let out = tempfile::tempdir().unwrap();
    let mut directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    directory.append(&trial(3)).unwrap();
    directory.append(&trial(3)).unwrap();
    let error = RunDirectory::read(directory.path()).unwrap_err().to_string();
    assert!(error.contains("line 2") && error.contains("trial 3"), "{error}");
}

#[test]
fn another_try_of_a_trial_is_kept_beside_the_first() {
    let out = tempfile::tempdir().unwrap();
    let mut directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    let again = TrialRecord { retry: 1, ..trial(3) };
    for tried in [&trial(3), &again] {
        directory.append(tried).unwrap();
        directory.write_timeline(tried.try_id(), &[row()]).unwrap();
    }
    let path = directory.path();
    assert_eq!(RunDirectory::read(path).unwrap().1, [trial(3), again.clone()]);
    let text = std::fs::read_to_string(trials_file(path)).unwrap();
    assert_eq!(text.matches("\"retry\"").count(), 1, "the first try says nothing of it");
    assert!(path.join("timelines/00003.csv").is_file());
    assert!(RunDirectory::read_timeline(path, again.try_id()).unwrap().is_some());
    directory.append(&again).unwrap();
    let error = RunDirectory::read(directory.path()).unwrap_err().to_string();
    assert!(error.contains("line 3") && error.contains("trial 3, retry 1"), "{error}");
}

/// What reading a run says whose version is written so.
fn of_version(written: &str) -> Result<RunRecord, String> {
    let out = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    let file = directory.path().join("run.json");
    let own = format!("\"schema_version\": {SCHEMA_VERSION},");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains(&own), "{text}");
    std::fs::write(&file, text.replace(&own, written)).unwrap();
    RunDirectory::read(directory.path()).map(|(run, _)| run).map_err(|error| error.to_string())
}

#[test]
fn a_newer_format_is_refused_plainly_and_an_older_one_read() {
    let next = SCHEMA_VERSION + 1;
    let error = of_version(&format!("\"schema_version\": {next},")).unwrap_err();
    assert!(error.contains(&format!("schema version {next}")), "{error}");
    assert!(error.contains("newer queuelab") && error.contains("run.json"), "{error}");
    for older in 1..SCHEMA_VERSION {
        assert_eq!(of_version(&format!("\"schema_version\": {older},")).unwrap().retries, 0);
    }
}

#[test]
fn a_format_that_nobody_wrote_is_told_with_its_line() {
    for (written, found) in [
        ("", "schema_version is nothing"),
        ("\"schema_version\": 0,", "schema_version is 0"),
        ("\"schema_version\": -1,", "schema_version is -1"),
        ("\"schema_version\": 1.5,", "schema_version is 1.5"),
        ("\"schema_version\": \"two\",", "schema_version is \"two\""),
    ] {
        let error = of_version(written).unwrap_err();
        let line = if written.is_empty() { "line 1:" } else { "line 2:" };
        assert!(error.contains(found) && error.contains(line), "{written}: {error}");
    }
}

#[test]
fn more_cells_than_a_run_can_have_are_refused_with_their_axes() {
    let axis = |n: usize, values: u32| Axis {
        path: format!("axis-{n}"),
        values: (0..values).map(Into::into).collect(),
    };
    let read = |axes: Vec<Axis>, planned_trials: u32| {
        let out = tempfile::tempdir().unwrap();
        let run = RunRecord { axes, planned_trials, ..run_record() };
        let directory = RunDirectory::create(out.path(), &run).unwrap();
        RunDirectory::read(directory.path()).map(|_| ()).map_err(|error| error.to_string())
    };
    for planned in [0, 6, u32::MAX] {
        let told = read((0..12).map(|n| axis(n, 70)).collect(), planned).unwrap_err();
        assert!(told.contains("axis-0 (70), axis-1 (70)"), "{told}");
        assert!(told.contains("more cells than can be counted"), "{told}");
    }
    let told = read(vec![axis(0, 2), axis(1, 3)], 5).unwrap_err();
    assert!(told.contains("run.json, line ") && told.contains("6 cells"), "{told}");
    for planned in [0, 6, 12] {
        read(vec![axis(0, 2), axis(1, 3)], planned).unwrap();
    }
    read(Vec::new(), 1).unwrap();
    read(vec![axis(0, 100_000)], 100_000).unwrap();
    assert!(read(vec![axis(0, 100_001)], 200_000).is_err());
}

#[test]
fn what_is_resumed_is_of_this_version() {
    let out = tempfile::tempdir().unwrap();
    let old = RunRecord { schema_version: 1, ..run_record() };
    let directory = RunDirectory::create(out.path(), &old).unwrap();
    let path = directory.path().to_owned();
    drop(directory);
    let (_, run, _) = RunDirectory::resume(&path).unwrap();
    assert_eq!(run.schema_version, SCHEMA_VERSION, "what is appended is");
}

#[test]
fn a_directory_without_a_run_is_told() {
    let out = tempfile::tempdir().unwrap();
    let error = RunDirectory::read(out.path()).unwrap_err();
    assert!(matches!(error, RunDirectoryError::NotARun(_)), "{error}");
}

#[test]
fn violations_are_the_checks_that_failed() {
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
fn a_timeline_is_read_as_it_was_written() {
    let out = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    let first = TimelineRow { at_ns: 5, listener: Some(0), depth: Some(3), ..row() };
    let rows = [first, TimelineRow { at_ns: 9, missed: 4, ..TimelineRow::default() }];
    directory.write_timeline(7, &rows).unwrap();
    let file = directory.path().join("timelines/00007.csv");
    let text = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        text,
        "at_ns,listener,depth,limit,syn_recv,established,time_wait,fin_wait_2,\
         socket_memory_bytes,missed\n5,0,3,2,1,8,0,0,4096,0\n9,,,,,,,,,4\n"
    );
    let read = |trial| RunDirectory::read_timeline(directory.path(), trial);
    assert_eq!(read(7).unwrap().unwrap(), rows);
    assert_eq!(read(8).unwrap(), None, "none was kept");
    std::fs::write(&file, text + "9,nobody,,,,,,,,4\n").unwrap();
    match read(7) {
        Err(RunDirectoryError::Malformed { line: 4, .. }) => {}
        other => panic!("{other:?}"),
    }
}

fn row() -> TimelineRow {
    TimelineRow {
        limit: Some(2),
        syn_recv: Some(1),
        established: Some(8),
        time_wait: Some(0),
        fin_wait_2: Some(0),
        socket_memory_bytes: Some(4096),
        ..TimelineRow::default()
    }
}
