//! Expectations: an expression is refused with the plan, or is evaluated for a trial and
//! decides it or has an error. Neither takes unbounded time or memory.

#![no_main]

use libfuzzer_sys::fuzz_target;
use scenario::{AnyKernel, Overrides, ScenarioFile, Source};
use serde_json::{Value, json};

fuzz_target!(|expression: &str| {
    for field in ["that", "when"] {
        let mut expectation = json!({ "that": "true", "because": "it is fuzzed" });
        expectation[field] = expression.into();
        let file = ScenarioFile::from_source(Source {
            name: "fuzzed".to_owned(),
            path: "fuzzed.yaml".to_owned(),
            text: json!({ "name": "fuzzed", "question": "?", "expect": [expectation] }).to_string(),
        });
        let overrides = Overrides { seed: Some(7), ..Overrides::default() };
        let Ok(plan) = file.plan(&overrides, &AnyKernel) else { return };
        let results = plan.expectations.evaluate(&facts(&plan.cells[0].settings));
        assert_eq!(results.len(), 1);
        if results[0].error.is_some() {
            assert_eq!(results[0].held, Some(false), "what cannot be evaluated does not hold");
        }
    }
});

/// A trial with numbers at the edges of their types.
fn facts(cell: &scenario::CellSettings) -> Value {
    json!({
        "hosts": cell.hosts,
        "server": cell.server,
        "load": cell.load,
        "after": cell.after,
        "attempts": i64::MAX,
        "outcomes": {
            "ok": 0, "refused": 1, "timed_out": i64::MAX, "reset": 1,
            "phantom": 1, "no_port": 1, "incomplete": 1, "server_down": 1,
            "self_connected": 1, "unconfirmed": u64::MAX,
        },
        "success_rate": 0.0,
        "first_try_rate": 1.0,
        "rates": { "offered": 0.0, "ingested": -0.0, "delivered": f64::MAX },
        "integrity": {
            "lost": 0, "doubled": 1, "reordered": 1,
            "echoed": 1, "foreign": 1, "broken_streams": 1,
        },
        "counters": { "server": { "TcpExt.ListenDrops": i64::MIN }, "client": {} },
        "queue": { "depth": 0, "limit": u32::MAX },
        "accept_wait": { "median_s": 0.0, "worst_s": f64::MIN_POSITIVE },
        "held_bytes": 0,
        "restart": { "refused": 0, "seconds": 0.0 },
        "server_died": "",
        "probe": {
            "deepest": 0, "syn_recv": 0, "established": 0, "time_wait": 0, "fin_wait_2": 0,
        },
        "connect": { "worst_s": 1e308 },
    })
}
