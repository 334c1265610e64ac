//! Simulated beside measured, over a run.

use run_record::{Agreement, TrialRecord};
use serde_json::{Value, json};

/// A trial of 100 attempts: 60 accepted, 30 SYNs sent again and then again,
/// and what the simulator made of it.
fn trial(design: &str, accepted: u64, overflows: u64, again: u64) -> TrialRecord {
    let latency = json!({ "count": 0, "mean_ns": 0.0, "p50_ns": 0, "p90_ns": 0, "p99_ns": 0,
        "p999_ns": 0, "max_ns": 0 });
    let point = if design.is_empty() { json!({}) } else { json!({ "server.design": design }) };
    let record: Value = json!({
        "id": 0, "cell": 0, "repetition": 0, "point": point,
        "started": "2026-11-22T00:00:00Z", "duration_seconds": 2.5, "overhead_seconds": 0.125,
        "attempts": 100, "outcomes": { "ok": 60, "timed_out": 40 }, "ok_first_try": 40,
        "syn_retransmits": {},
        "rates": { "window_seconds": 0.1, "offered": 1.0, "ingested": null, "delivered": 0.3,
            "messages_written": 1, "messages_ingested": null, "deliveries": 2,
            "original_throughput": 0.7 },
        "connect_latency": latency, "delivery_latency": latency, "send_lateness": latency,
        "integrity": { "lost": 0, "doubled": 0, "reordered": 0, "echoed": 0, "foreign": 0,
            "broken_streams": 0 }, "undelivered": 0, "errors": {},
        "evidence": {
            "server": { "TcpExt.ListenOverflows": 90, "TcpExt.ListenDrops": 100 },
            "client": { "TcpExt.TCPSynRetrans": 60 },
            "accept_queue": null },
        "simulated": { "accepted": accepted, "timed_out": 40,
            "syn_retransmits": { "0": 70, "2": again }, "listen_overflows": overflows,
            "listen_drops": 100, "deepest": 11 },
        "sysctls": { "server": {}, "client": {} },
        "accepted": 60, "server": null, "server_died": null,
        "load": { "user_seconds": 0.0, "system_seconds": 0.0, "voluntary_switches": 0,
            "involuntary_switches": 0 },
        "laws": [], "expectations": [], "invariants": [],
    });
    serde_json::from_value(record).unwrap()
}

#[test]
fn each_design_is_told_by_itself_and_trials_that_were_not_simulated_count_nowhere() {
    let mut unknown = trial("snapshot", 60, 90, 30);
    unknown.simulated = None;
    let trials = [
        trial("snapshot", 55, 90, 30),
        trial("snapshot", 66, 90, 30),
        trial("global-lock", 60, 91, 30),
        trial("global-lock", 60, 90, 29),
        unknown,
    ];
    let design = |name: &str, near, counters_equal| Agreement {
        design: Some(name.to_owned()),
        simulated: 2,
        near,
        counters_equal,
    };
    assert_eq!(Agreement::of(&trials), [design("global-lock", 2, 0), design("snapshot", 1, 2)]);
    assert_eq!(Agreement::of(&[trial("", 60, 90, 30)])[0].design, None);
}

#[test]
fn nine_of_ten_agree_and_fewer_than_ten_decide_nothing() {
    let held =
        |near, simulated| Agreement { design: None, simulated, near, counters_equal: 0 }.held();
    assert_eq!([held(0, 9), held(9, 10), held(8, 10)], [None, Some(true), Some(false)]);
    assert_eq!([held(90, 100), held(89, 100)], [Some(true), Some(false)]);
}
