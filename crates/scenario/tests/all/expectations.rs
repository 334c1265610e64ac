//! Expectations over the facts of a trial.

use crate::common::{rendered, scenario_with, try_plan};
use scenario::{ExpectationResult, Overrides};
use serde_json::{Value, json};

/// Facts as from the lab, with the settings of the scenario.
fn evaluate(expect: &str, facts: Value) -> Vec<ExpectationResult> {
    let text = scenario_with(&format!(
        "hosts: {{ server: {{ sysctls: {{ net.core.somaxconn: \"64\" }} }} }}
server: {{ backlog: 10 }}
load: {{ clients: 50, connect_deadline: 1500ms }}
expect:
{expect}"
    ));
    let plan = match try_plan(&text, &Overrides::default()) {
        Ok(plan) => plan,
        Err(errors) => panic!("{}", rendered(&errors)),
    };
    let mut all = json!(plan.cells[0].settings);
    let all_facts = all.as_object_mut().expect("settings are an object");
    all_facts.extend(facts.as_object().expect("an object").clone());
    plan.expectations.evaluate(&all)
}

fn facts() -> Value {
    json!({
        "attempts": 50_u64,
        "outcomes": {
            "ok": 40_u64, "refused": 0_u64, "timed_out": 10_u64, "reset": 0_u64,
            "phantom": 0_u64, "no_port": 0_u64, "incomplete": 0_u64, "server_down": 0_u64,
            "self_connected": 0_u64, "unconfirmed": 0_u64,
        },
        "success_rate": 0.8,
        "first_try_rate": 1.0,
        "rates": { "offered": 100.0, "ingested": 100.0, "delivered": 4900.5 },
        "integrity": {
            "lost": 0, "doubled": 0, "reordered": 0, "echoed": 0, "foreign": 0, "broken_streams": 0,
        },
        "counters": { "server": { "TcpExt.ListenDrops": 12 }, "client": {} },
        "queue": { "depth": 11, "limit": 10 },
        "connect": { "worst_s": 1.03 },
    })
}

#[test]
fn numbers_of_all_kinds_compare_without_casts() {
    let expressions = [
        "outcomes.ok + outcomes.timed_out == attempts",
        "attempts - 60 < 0",
        "success_rate < 1 && first_try_rate == 1",
        "rates.delivered > attempts",
        "queue.depth == min(server.backlog, hosts.server.sysctls[\"net.core.somaxconn\"]) + 1",
        "max(1, 2.5) == 2.5",
        "connect.worst_s < seconds(load.connect_deadline)",
        "outcomes.all(o, outcomes[o] >= 0)",
        "server.design in [\"global-lock\", \"snapshot\"]",
        "double(outcomes.ok) / double(attempts) == success_rate",
        "!has(server.largest_body)",
    ];
    let expect: String =
        expressions.iter().map(|that| format!("  - that: >-\n      {that}\n")).collect();
    for result in evaluate(&expect, facts()) {
        assert_eq!(result.held, Some(true), "{result:?}");
    }
}

#[test]
fn a_counter_that_did_not_change_is_0() {
    let expect = "  - that: counters.server[\"TcpExt.ListenOverflows\"] == 0
  - that: counters.client[\"TcpExt.ListenDrops\"] == 0
  - that: counters.server[\"TcpExt.ListenDrops\"] == 12
  - that: attempts > 0
    when: counters.client[\"TcpExt.ListenOverflows\"] == 0
";
    for result in evaluate(expect, facts()) {
        assert_eq!(result.held, Some(true), "{result:?}");
    }
}

#[test]
fn a_violation_shows_its_facts_and_reason() {
    let expect =
        "  - that: outcomes.ok == attempts || counters.server[\"TcpExt.ListenOverflows\"] > 0
    because: a reason
";
    let results = evaluate(expect, facts());
    assert_eq!(results[0].held, Some(false));
    assert_eq!(results[0].because.as_deref(), Some("a reason"));
    assert_eq!(
        json!(results[0].facts),
        json!({
            "outcomes.ok": 40,
            "attempts": 50,
            "counters.server[\"TcpExt.ListenOverflows\"]": 0,
        })
    );
}

#[test]
fn when_decides_whether_it_applies() {
    let expect = "  - that: outcomes.ok == attempts
    when: server.backlog >= load.clients
  - that: outcomes.ok < attempts
    when: server.backlog < load.clients
";
    let held: Vec<_> = evaluate(expect, facts()).iter().map(|result| result.held).collect();
    assert_eq!(held, [None, Some(true)]);
}

#[test]
fn an_expression_that_cannot_be_evaluated_fails() {
    let mut facts = facts();
    facts["outcomes"]["refused"] = json!(0);
    let results = evaluate("  - that: outcomes.ok / outcomes.refused > 0\n", facts);
    assert_eq!(results[0].held, Some(false));
    assert!(results[0].error.as_deref().is_some_and(|error| error.contains("Division by zero")));
}
