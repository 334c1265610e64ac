//! Servers that are not the lab's own.

use report::{Run, summary};
use run_record::Outcome::{Ok, ServerDown, TimedOut};
use run_record::{PeakSource, ProgramEnd, ProgramOutput, ProgramReport, QueuePeak, TrialRecord};
use serde_json::{Value, json};

use crate::fixture::{Change, Fixture, Made};

pub(crate) fn program(trial: &mut TrialRecord, ready_seconds: f64, end: ProgramEnd) {
    let output = ProgramOutput { head: "one\n\u{1b}[2Jtwo\n".to_owned(), ..Default::default() };
    trial.program = Some(ProgramReport { ready_seconds, end, output, ..Default::default() });
}

#[test]
fn a_program_is_named_with_its_times_and_without_its_output() {
    let stopped = ProgramEnd { stop_seconds: Some(0.25), ..ProgramEnd::default() };
    let settings = json!({ "server": { "command": { "program": ["nginx", "-q"] } } });
    let run = Fixture::new(settings)
        .cell([], |trial| {
            program(trial, 0.5, stopped.clone());
            let report = trial.program.as_mut().unwrap();
            (report.cpu_seconds, report.most_memory_bytes) = (Some(0.125), Some(3 << 20));
        })
        .cell([], |trial| program(trial, 1.5, stopped.clone()))
        .run();
    let text = summary(&run).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("nginx -q In 2 trials"), "{text}");
    assert!(text.contains("In 2 trials: ready after 0.50 to 1.50 s"), "{text}");
    let expected = "0.12 s of CPU time, at most 3.0 MiB in one process; stopped in 0.25 s. Its CPU \
                    time and memory are not known of 1 trial.";
    assert!(text.contains(expected), "{text}");
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
        assert!(!text.contains("of CPU time") && !text.contains("stopped in 0"), "{text}");
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

/// The explanation of a run, in one line.
pub(crate) fn why(run: &Run) -> String {
    let text = summary(run).split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, from) = text.split_once(" Why ").expect("there is an explanation");
    from.to_owned()
}

/// A server with a queue that overflowed.
fn overflowed(server: &Value) -> Made {
    Fixture::new(json!({ "server": server, "load": { "connect_deadline": "500ms" } }))
        .cell([], |trial| {
            trial
                .set_outcomes(&[(Ok, 65), (TimedOut, 35)])
                .set_syn_retransmits(&[(0, 100)])
                .add_server_counters(&[("ListenOverflows", 35), ("ListenDrops", 35)])
                .set_accept_queue(65, 64);
            trial.server = None;
            trial.accepted = None;
            program(trial, 0.5, ProgramEnd::default());
        })
        .run()
}

#[test]
fn the_limit_is_explained_by_the_settings_of_the_program() {
    for (section, path) in [("command", "server.command"), ("image", "server.image")] {
        let settings = json!({ "backlog": 64, "paused": true });
        let text = why(&overflowed(&json!({ section: settings })));
        for expected in [
            format!("here {path}.backlog (64, with net.core.somaxconn 4096)"),
            "A backlog of 99, which the server passes to listen(2), would have room".to_owned(),
            "because the server accepted nothing while they connected".to_owned(),
            "so a longer wait would not have helped".to_owned(),
        ] {
            assert!(text.contains(&expected), "{expected}: {text}");
        }
        assert!(!text.contains("server.backlog"), "{text}");
    }
    let text = why(&overflowed(&json!({ "command": { "backlog": 64 } })));
    assert!(text.contains("regardless of how fast the server accepts"), "{text}");
    assert!(!text.contains("accepted nothing"), "it was not paused: {text}");
}

#[test]
fn a_backlog_that_is_not_stated_is_not_named() {
    let text = why(&overflowed(&json!({ "command": { "program": ["nginx"] } })));
    assert!(text.contains("Its limit was 64, as the kernel reports it"), "{text}");
    assert!(!text.contains("server.backlog") && !text.contains("server.command.backlog"), "{text}");
}

/// A server whose queue was sampled, and dropped nothing.
fn sampled(server: &Value, deepest: u32, at_most: Option<u32>) -> Made {
    Fixture::new(json!({ "server": server }))
        .cell([], |trial| {
            trial.set_outcomes(&[(Ok, 20)]).set_syn_retransmits(&[(0, 20)]);
            trial.set_accept_queue(0, 64).add_listeners(&[(deepest, 64)]);
            trial.evidence.deepest_queue = Some(QueuePeak {
                at_least: deepest,
                at_most,
                shown_by: PeakSource::Probe,
                readings: 0,
                samples: 100,
            });
        })
        .run()
}

#[test]
fn a_depth_between_samples_is_not_claimed() {
    let command = json!({ "command": { "program": ["nginx"], "backlog": 64 } });
    for (server, deepest, at_most, expected) in [
        (
            &command,
            0,
            Some(65),
            "No sample found a connection in the accept queue, which holds 65:",
        ),
        (&command, 7, Some(65), "The fullest accept queue held at least 7 of at most 65"),
        (&command, 7, None, "The fullest accept queue held at least 7 of at most 65"),
        (&json!({ "backlog": 64 }), 7, Some(9), "held at least 7 of at most 65 connections"),
        (&json!({ "backlog": 64 }), 7, Some(7), "The fullest accept queue held 7 of at most 65"),
    ] {
        let text = why(&sampled(server, deepest, at_most));
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[test]
fn settings_of_the_chat_server_are_not_those_of_a_program() {
    let time_wait = |server: Value| {
        let run = Fixture::new(json!({ "server": server })).cell([], |trial| {
            trial.set_outcomes(&[(Ok, 20)]).add_state("time_wait", 20, 0.0, 20);
        });
        why(&run.run())
    };
    let setting = "(server.closes_first)";
    assert!(time_wait(json!({})).contains(setting));
    let text = time_wait(json!({ "command": { "program": ["nginx"] } }));
    assert!(text.contains("the side that closes first has it, and") && !text.contains(setting));

    let died = |server: Value| {
        let run = Fixture::new(json!({ "server": server })).cell([], |trial| {
            trial.set_outcomes(&[(ServerDown, 20)]);
            trial.server_died = Some("SIGPIPE".to_owned());
        });
        why(&run.run())
    };
    assert!(died(json!({ "sigpipe": "default" })).contains("(server.sigpipe: default)"));
    let text = died(json!({ "command": { "program": ["x"] } }));
    assert!(text.contains("raises SIGPIPE") && !text.contains("server.sigpipe"), "{text}");
}

#[test]
fn requests_that_wait_for_a_paused_program_are_no_full_buffers() {
    let held = |dialogue: Value| {
        let settings = json!({ "server": { "backlog": 64 }, "load": { "dialogue": dialogue } });
        let run = Fixture::new(settings).cell([], |trial| {
            trial.set_outcomes(&[(Ok, 20), (TimedOut, 20)]).set_slowest_connect(0.001);
            trial.connect_latency.count = 20;
            trial.held_bytes = Some(20 * 600);
        });
        why(&run.run())
    };
    assert!(
        held(json!("chat")).contains("had written 600 bytes each"),
        "not those without a connection"
    );
    let text = held(json!({ "http": { "path": "/" } }));
    assert!(!text.contains("written"), "{text}");
}
