//! Servers that are not the lab's own.

use report::summary;
use run_record::{ProgramEnd, ProgramOutput, ProgramReport, TrialRecord};
use serde_json::json;

use crate::fixture::Fixture;

fn program(trial: &mut TrialRecord, ready_seconds: f64, end: ProgramEnd) {
    let output = ProgramOutput { head: "one\n\u{1b}[2Jtwo\n".to_owned(), ..Default::default() };
    trial.program = Some(ProgramReport { ready_seconds, end, output, ..Default::default() });
}

#[test]
fn a_program_is_named_with_its_times_and_without_its_output() {
    let stopped = ProgramEnd { stop_seconds: Some(0.25), ..ProgramEnd::default() };
    let settings = json!({ "server": { "command": { "program": ["nginx", "-q"] } } });
    let run = Fixture::new(settings)
        .cell([], |trial| program(trial, 0.5, stopped.clone()))
        .cell([], |trial| program(trial, 1.5, stopped.clone()))
        .run();
    let text = summary(&run).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("nginx -q In 2 trials"), "{text}");
    assert!(text.contains("In 2 trials: ready after 0.50 to 1.50 s"), "{text}");
    assert!(text.contains("stopped in 0.25 s."), "{text}");
    assert!(!text.contains("two"), "{text}");
}

#[test]
fn one_that_died_or_was_killed_shows_the_end_of_its_output_safely() {
    let died = ProgramEnd { died_ns: Some(7), ..ProgramEnd::default() };
    let killed = ProgramEnd { killed_processes: 2, ..ProgramEnd::default() };
    for (end, expected) in
        [(died, "It ended before it was stopped in 1 trial."), (killed, "was killed in 1 trial.")]
    {
        let run = Fixture::new(json!({})).cell([], |trial| program(trial, 0.5, end)).run();
        let text = summary(&run);
        let in_one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(in_one_line.contains(expected), "{text}");
        assert!(text.contains("two") && !text.contains('\u{1b}'), "{text}");
    }
}

#[test]
fn the_labs_own_server_has_no_such_section() {
    let text = summary(&Fixture::new(json!({})).cell([], |_| {}).run());
    assert!(!text.contains("The server under test"), "{text}");
}
