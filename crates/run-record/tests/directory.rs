//! The run directory: what is written is read, and a damaged one is told.

use std::path::Path;

use jiff::Timestamp;
use run_record::{
    Axis, Backend, KernelRules, Machine, Overrides, RunDirectory, RunDirectoryError, RunRecord,
    SCHEMA_VERSION, ScenarioRecord, SysctlValues, TimelineRow, Tool, TrialRecord,
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
        tool: Tool { version: "0.1.0".to_owned(), commit: None },
        machine: Machine {
            kernel: "6.18".to_owned(),
            architecture: "x86_64".to_owned(),
            cpus: 2,
            memory_bytes: 1 << 34,
        },
        backend: Backend { name: "netns".to_owned(), version: None, details: String::new() },
        sysctls: SysctlValues::default(),
        kernel_rules: KernelRules::default(),
        started: Timestamp::UNIX_EPOCH,
        ended: None,
        resumed: Vec::new(),
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
fn a_newer_format_is_refused_plainly() {
    let out = tempfile::tempdir().unwrap();
    let directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    let file = directory.path().join("run.json");
    let newer = std::fs::read_to_string(&file)
        .unwrap()
        .replace("\"schema_version\": 1", "\"schema_version\": 2");
    std::fs::write(&file, newer).unwrap();
    let error = RunDirectory::read(directory.path()).unwrap_err().to_string();
    assert!(error.contains("schema version 2") && error.contains("newer queuelab"), "{error}");
}

#[test]
fn a_directory_without_a_run_is_told() {
    let out = tempfile::tempdir().unwrap();
    let error = RunDirectory::read(out.path()).unwrap_err();
    assert!(matches!(error, RunDirectoryError::NotARun(_)), "{error}");
}

#[test]
fn breaches_are_what_did_not_hold() {
    let mut trial = trial(0);
    assert!(trial.held());
    trial.laws[0].held = Some(false);
    let breaches: Vec<_> = trial.breaches().collect();
    assert_eq!(breaches, [("law", "capacity", "predicted 2, measured 2".to_owned())]);
    trial.laws[0].latest = Some(2.08);
    let (_, _, detail) = trial.breaches().next().unwrap();
    assert_eq!(detail, "predicted 2, at most 2.08, measured 2");
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
