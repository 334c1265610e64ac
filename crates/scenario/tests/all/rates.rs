//! Rates of attempts in scenarios.

use std::time::Duration;

use load_generator::{ConnectRate, Ramp};
use serde_json::json;

use crate::common::{errors_of, plan};

const RAMP: &str = "load:\n  pattern: rate\n  connect_rate: { from: 100, to: 2000, over: 5s }\n";

#[test]
fn a_rate_is_a_number_or_a_ramp() {
    let rate = |text: &str| plan(text).cells[0].settings.load.connect_rate;
    let ramp = Ramp { from: 100.0, to: 2000.0, over: Duration::from_secs(5) };
    assert_eq!(rate(RAMP), Some(ConnectRate::Ramp(ramp)));
    assert_eq!(rate("load: { connect_rate: 400 }"), Some(ConnectRate::Constant(400.0)));
}

#[test]
fn an_axis_varies_a_number_or_a_part_of_a_ramp() {
    let numbers = plan(
        "load: { pattern: rate }\nmatrix: { load.connect_rate: [100, 400.5] }\n\
                        expect: [{ that: load.connect_rate * 2.0 >= 200.0 }]",
    );
    let rates = numbers.cells.iter().map(|cell| cell.settings.load.connect_rate);
    let rates: Vec<_> = rates.map(|rate| rate.and_then(|rate| rate.constant())).collect();
    assert_eq!(rates, [Some(100.0), Some(400.5)]);
    let ramps = plan(&format!(
        "{}matrix: {{ load.connect_rate.to: [1000, 2000] }}",
        RAMP.replace(" to: 2000,", "")
    ));
    let highest =
        ramps.cells.iter().map(|cell| cell.settings.load.connect_rate.map(|rate| rate.highest()));
    assert_eq!(highest.collect::<Vec<_>>(), [Some(1000.0), Some(2000.0)]);
    assert_eq!(ramps.cells[1].point["load.connect_rate.to"], json!(2000.0));
}

#[test]
fn problems_of_a_ramp_are_shown_at_their_line() {
    let slow = "load: { clients: 9000, pattern: rate, connect_rate: { to: 1, over: 10s } }";
    for (text, named) in [
        ("load:\n  connect_rate: { form: 1 }", "unknown field `form`"),
        ("load:\n  connect_rate: { to: 5 }", "use 5 without a ramp"),
        ("load:\n  connect_rate: { from: 5, over: 1s }", "a ramp to 0 attempts"),
        ("load:\n  connect_rate: [1, 2, 3s]", "expected a number of attempts a second, or"),
        (slow, "with the ramp 0..1/10s, 9000 clients"),
    ] {
        let error = errors_of(text);
        assert!(error.contains(named), "{error}");
    }
}
