//! `--quick`, `--set`, `--only`, `--repeat` and `--seed`.

use crate::common::{rendered, scenario_with, try_plan};
use insta::assert_snapshot;
use scenario::{Overrides, Plan};
use serde_json::{Value, json};

const SECTIONS: &str = "
server: { framing: ascii4 }
load: { messages: 7 }
matrix:
  server.design: [global-lock, snapshot]
  server.backlog: { from: 10, to: 30, steps: 3 }
  load.clients: [50, 100]
repeat: 2
quick:
  load: { messages: 1 }
  repeat: 1
  matrix:
    server.backlog: [10, 30]
    load.size: [20, 30]
";

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn planned(overrides: Overrides) -> Plan {
    match try_plan(&scenario_with(SECTIONS), &overrides) {
        Ok(plan) => plan,
        Err(errors) => panic!("{}", rendered(&errors)),
    }
}

fn set(sets: &[(&str, &str)]) -> Overrides {
    Overrides { set: pairs(sets), ..Overrides::default() }
}

fn only(values: &[(&str, &str)]) -> Overrides {
    Overrides { only: pairs(values), ..Overrides::default() }
}

fn errors(overrides: &Overrides) -> String {
    let errors = try_plan(&scenario_with(SECTIONS), overrides);
    rendered(&errors.expect_err("the overrides do not fit"))
}

fn values<'a>(plan: &'a Plan, path: &str) -> &'a [Value] {
    let axis = plan.axes.iter().find(|axis| axis.path == path);
    &axis.expect("the axis").values
}

#[test]
fn cells_are_the_product_of_the_axes_the_last_fastest() {
    let plan = planned(Overrides::default());
    assert_eq!(plan.cells.len(), 12);
    assert_eq!(plan.trials.len(), 24);
    let last_two: Vec<_> = plan.cells[10..].iter().map(|cell| json!(cell.point)).collect();
    assert_eq!(
        last_two,
        [
            json!({"server.design": "snapshot", "server.backlog": 30, "load.clients": 50}),
            json!({"server.design": "snapshot", "server.backlog": 30, "load.clients": 100}),
        ]
    );
    let settings = &plan.cells[11].settings;
    assert_eq!((settings.server.backlog(), settings.load.clients), (Some(30), 100));
    assert_eq!(settings.load.messages, 7);
}

#[test]
fn quick_merges_settings_and_replaces_axes_by_name() {
    let plan = planned(Overrides { quick: true, ..Overrides::default() });
    assert_eq!(values(&plan, "server.backlog"), [10, 30]);
    assert_eq!(values(&plan, "load.clients"), [50, 100]);
    assert_eq!(values(&plan, "load.size"), [20, 30]);
    assert_eq!(plan.trials.len(), 16);
    assert_eq!(plan.scenario.load.messages, 1);
    assert_eq!(plan.scenario.server.listening().framing.to_string(), "ascii4");
    assert_eq!(plan.resolved.get("quick"), None);
}

#[test]
fn set_changes_a_setting_a_sysctl_or_a_section() {
    let plan = planned(set(&[
        ("load.messages", "3"),
        ("hosts.server.sysctls.net.core.somaxconn", "64"),
        ("shuffle", "false"),
        ("record.attempts", "true"),
    ]));
    assert_eq!(plan.resolved["load"]["messages"], 3);
    let sysctls = &plan.cells[0].settings.hosts.server.sysctls;
    assert_eq!(sysctls["net.core.somaxconn"].to_string(), "64");
    assert!(plan.scenario.record.attempts);
    assert!(plan.trials.iter().map(|trial| trial.id).eq(0..24));
}

#[test]
fn set_on_an_axis_fixes_its_value() {
    let plan = planned(set(&[("server.backlog", "77")]));
    assert_eq!(values(&plan, "server.backlog"), [77]);
    assert_eq!(plan.cells.len(), 4);
    assert_eq!(plan.resolved["matrix"]["server.backlog"], json!([77]));
    let plan = planned(set(&[("server.backlog", "[7, 8]")]));
    assert_eq!(values(&plan, "server.backlog"), [7, 8]);
}

#[test]
fn set_on_the_matrix_replaces_or_adds_an_axis() {
    let plan = planned(set(&[
        ("matrix.server.backlog", "{from: 1, to: 5, steps: 3}"),
        ("matrix.load.messages", "[1, 2]"),
    ]));
    assert_eq!(values(&plan, "server.backlog"), [1, 3, 5]);
    assert_eq!(values(&plan, "load.messages"), [1, 2]);
}

#[test]
fn only_selects_values_and_accepts_the_end_of_a_path() {
    let plan =
        planned(only(&[("backlog", "30"), ("backlog", "10"), ("server.design", "snapshot")]));
    assert_eq!(values(&plan, "server.backlog"), [10, 30]);
    assert_eq!(values(&plan, "server.design"), ["snapshot"]);
    assert_eq!(plan.cells.len(), 4);
}

#[test]
fn only_applies_after_set() {
    let plan = planned(Overrides {
        set: pairs(&[("matrix.server.backlog", "[5, 6]")]),
        only: pairs(&[("backlog", "6")]),
        repeat: Some(3),
        ..Overrides::default()
    });
    assert_eq!((plan.cells.len(), plan.trials.len()), (4, 12));
}

#[test]
fn a_seed_reproduces_the_order_and_is_random_by_default() {
    let seeded = |seed| planned(Overrides { seed, ..Overrides::default() });
    assert_eq!(seeded(Some(5)).trials, seeded(Some(5)).trials);
    assert_ne!(seeded(Some(5)).trials, seeded(Some(6)).trials);
    let made_up = seeded(None);
    assert_eq!(seeded(Some(made_up.seed)).trials, made_up.trials);
}

#[test]
fn the_order_of_a_seed_does_not_drift() {
    let plan = planned(Overrides { seed: Some(1), ..Overrides::default() });
    let order: Vec<u32> = plan.trials.iter().map(|trial| trial.id).collect();
    assert_snapshot!(format!("{order:?}"));
}

#[test]
fn an_invalid_flag_is_named() {
    assert_snapshot!(errors(&set(&[
        ("server.bakclog", "1"),
        ("load.messages", "few"),
        ("load.send_delay", "[1"),
        ("nmae", "x"),
        ("record", "[]"),
        ("hosts.server.sysctls.net.core.somaxcon", "1"),
        ("matrix.load.size", "{from: 5, to: 1, steps: 2}"),
    ])));
}

#[test]
fn only_names_the_axes_and_their_values() {
    assert_snapshot!(errors(&only(&[("backlog", "11"), ("clint", "1"), ("design", "snap"),])));
}

#[test]
fn zero_repetitions_are_an_error() {
    let overrides = Overrides { repeat: Some(0), ..Overrides::default() };
    assert_snapshot!(errors(&overrides));
}
