//! Trials that the simulator does not cover.

use report::summary;
use serde_json::json;

use crate::fixture::Fixture;

#[test]
fn trials_that_are_not_simulated_have_a_reason() {
    let reason = "it simulates one listener (server.listeners)";
    let run = Fixture::new(json!({}))
        .cell([], |trial| trial.not_simulated = Some(reason.to_owned()))
        .cell([], |_| {})
        .run();
    let text = summary(&run);
    let line = format!("The simulator does not cover 1 of 2 trials: {reason}.");
    assert!(text.contains(&line), "{text}");
}
