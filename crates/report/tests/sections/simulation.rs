//! Trials that the simulator does not cover.

use report::summary;
use run_record::{LedgerEvidence, PaceSimulation, Simulated, TrialRecord};
use serde_json::json;

use crate::fixture::{Change, Fixture};

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

#[test]
fn trials_at_a_pace_stand_beside_their_measurements() {
    let simulated = |accepted, retransmitted, listen_drops| Simulated {
        accepted,
        syn_retransmits: [(0, 200 - retransmitted), (2, retransmitted)].into(),
        listen_drops,
        ..Simulated::default()
    };
    let at_pace = |trial: &mut TrialRecord, least_ns| {
        trial.attempts = 200;
        trial.simulated_at_pace = Some(PaceSimulation {
            accepts: 42,
            least_ns,
            most_ns: 90_000.0,
            fastest: simulated(200, 0, 0),
            slowest: simulated(150, 60, 70),
        });
        let ledger = LedgerEvidence { accepted: 160, unknown: 5, ..LedgerEvidence::default() };
        trial.evidence.ledger = Some(ledger);
        trial.add_server_counters(&[("ListenDrops", 40)]);
        trial.add_client_counters(&[("TCPSynRetrans", 80)]);
    };
    let run = Fixture::new(json!({}))
        .cell([("server.command.backlog", json!(5))], |trial| at_pace(trial, 20_000.0))
        .cell([("server.command.backlog", json!(64))], |trial| at_pace(trial, 0.0))
        .cell([("server.command.backlog", json!(511))], |_| {})
        .run();
    let text = summary(&run);
    let words = |line: &str| {
        let words = line.split(|c: char| c.is_whitespace() || "│|".contains(c));
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let lines: Vec<_> = text.lines().map(words).collect();
    for row in [
        "command.backlog 5 time per accept 20.0 µs to 90.0 µs",
        "command.backlog 64 time per accept at most 90.0 µs",
        "command.backlog 5 accepted 150 to 200 160 to 165",
        "command.backlog 5 SYN retransmissions 0 to 120 80",
        "command.backlog 5 ListenDrops 0 to 70 40",
    ] {
        assert!(lines.iter().any(|line| line == row), "{row}: {text}");
    }
    assert!(!lines.iter().any(|line| line.contains("backlog 511 time per accept")), "{text}");
}
