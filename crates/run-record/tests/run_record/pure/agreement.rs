//! How well the simulator agrees with a run.

use run_record::{Agreement, TrialRecord};
use serde_json::{Value, json};

/// A trial of 100 attempts, of which 60 were accepted and 30 retransmitted their SYN
/// twice, with this result of the simulator.
fn trial(design: &str, accepted: u64, overflows: u64, retransmitted: u64) -> TrialRecord {
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
            "syn_retransmits": { "0": 70, "2": retransmitted }, "listen_overflows": overflows,
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
fn designs_are_counted_separately_and_only_simulated_trials_count() {
    let mut not_simulated = trial("snapshot", 60, 90, 30);
    not_simulated.simulated = None;
    let trials = [
        trial("snapshot", 55, 90, 30),
        trial("snapshot", 66, 90, 30),
        trial("global-lock", 60, 91, 30),
        trial("global-lock", 60, 90, 29),
        not_simulated,
    ];
    let design = |name: &str, agreeing, counters_equal| Agreement {
        design: Some(name.to_owned()),
        simulated: 2,
        agreeing,
        counters_equal,
    };
    assert_eq!(
        Agreement::by_design(&trials),
        [design("global-lock", 2, 0), design("snapshot", 1, 2)]
    );
    assert_eq!(Agreement::by_design(&[trial("", 60, 90, 30)])[0].design, None);
}

#[test]
fn nine_of_ten_must_agree_and_fewer_than_ten_are_undecided() {
    let held = |agreeing, simulated| {
        Agreement { design: None, simulated, agreeing, counters_equal: 0 }.held()
    };
    assert_eq!([held(0, 9), held(9, 10), held(8, 10)], [None, Some(true), Some(false)]);
    assert_eq!([held(90, 100), held(89, 100)], [Some(true), Some(false)]);
}
