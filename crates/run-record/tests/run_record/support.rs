//! A run's record, a trial, and rows of a timeline.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use run_record::{
    Axis, Backend, KernelRules, Machine, Overrides, RunRecord, SCHEMA_VERSION, ScenarioRecord,
    SysctlValues, TimelineRow, Tool, TrialRecord,
};
use serde_json::json;

pub(crate) fn run_record() -> RunRecord {
    RunRecord {
        schema_version: SCHEMA_VERSION,
        scenario: ScenarioRecord {
            name: "test".to_owned(),
            question: "Is it stored?".to_owned(),
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
        disturbed_retries: 0,
        disturbance_thresholds: None,
        tool: tool(),
        build: None,
        interleaved: None,
        machine: machine(),
        backend: backend(),
        sysctls: SysctlValues::default(),
        kernel_rules: KernelRules::default(),
        started: Timestamp::UNIX_EPOCH,
        ended: None,
        resumed: Vec::new(),
        verdict: None,
    }
}

pub(crate) fn tool() -> Tool {
    Tool { version: "0.1.0".to_owned(), commit: None }
}

pub(crate) fn machine() -> Machine {
    Machine {
        kernel: "6.18".to_owned(),
        architecture: "x86_64".to_owned(),
        cpu_model: None,
        cpus: 2,
        memory_bytes: 1 << 34,
    }
}

pub(crate) fn backend() -> Backend {
    Backend { name: "netns".to_owned(), version: None, details: String::new() }
}

/// A trial of [`run_record`], or of one with more repetitions.
pub(crate) fn trial(id: u32) -> TrialRecord {
    let (cell, repetition) = (id % 6, id / 6);
    let point = json!({ "server.backlog": 1 + cell / 3, "load.clients": 5 + cell % 3 });
    let empty = json!({
        "id": id, "cell": cell, "repetition": repetition, "point": point,
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
            "most_clients": 2, "lock_wait": lock(), "lock_hold": lock(), "usage": usage() },
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

pub(crate) fn trials_file(directory: &Path) -> PathBuf {
    directory.join("trials.jsonl")
}

pub(crate) fn row() -> TimelineRow {
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
