//! Loads with several destinations.

use std::path::Path;

use queue_model::accept_queue::{CAPACITY, LISTEN_LIMIT};
use queue_model::law::Law;
use report::summary;
use run_record::Outcome::{self, Ok, TimedOut};
use run_record::{
    AcceptQueue, DestinationRecord, LatencySummary, LawCheck, PeakSource, ProgramEnd, QueuePeak,
};
use serde_json::json;

use crate::fixture::{Change, Fixture, Made};
use crate::programs::{program, why};

/// What happened at one destination, with one listener.
fn destination(
    port: u16,
    outcomes: &[(Outcome, usize)],
    depth: u32,
    limit: u32,
    drops: u64,
) -> DestinationRecord {
    let all = outcomes.iter().flat_map(|&(outcome, n)| std::iter::repeat_n(outcome, n));
    DestinationRecord {
        address: ([198, 18, 0, 1], port).into(),
        attempts: 50,
        outcomes: all.collect(),
        ok_first_try: 0,
        syn_retransmits: [].into(),
        connect_latency: LatencySummary::default(),
        response_latency: LatencySummary::default(),
        accept_queue: Some(AcceptQueue { depth, limit }),
        listeners: Some(1),
        deepest: Some(depth),
        drops: Some(drops),
    }
}

/// The first one of two destinations, which overflowed.
fn overflowed() -> DestinationRecord {
    destination(8080, &[(Ok, 6), (TimedOut, 44)], 6, 5, 44)
}

/// A program with two destinations, of which the first one overflowed.
fn with_second(second: DestinationRecord) -> Made {
    let server = json!({
        "command": {
            "program": ["nginx"], "port": 8080, "backlog": 5, "backlogs": { "8081": 64 },
            "paused": true,
        },
    });
    let load = json!({ "connect_deadline": "500ms", "destinations": [8080, 8081] });
    let first = overflowed();
    Fixture::new(json!({ "server": server, "load": load }))
        .cell([], |trial| {
            let of =
                |outcome| (first.outcomes.get(outcome) + second.outcomes.get(outcome)) as usize;
            let dropped = (44 + second.drops.unwrap_or(0)).cast_signed();
            trial
                .set_outcomes(&[(Ok, of(Ok)), (TimedOut, of(TimedOut))])
                .set_syn_retransmits(&[(0, 100)])
                .add_server_counters(&[("ListenOverflows", dropped), ("ListenDrops", dropped)])
                .add_listeners(&[(6, 5), (50, 64)]);
            // As an earlier build recorded it.
            trial.evidence.deepest_queue = Some(QueuePeak {
                at_least: 56,
                at_most: None,
                shown_by: PeakSource::Probe,
                readings: 0,
                samples: 100,
            });
            trial.destinations = vec![first.clone(), second.clone()];
            trial.server = None;
            trial.accepted = None;
            program(trial, 0.5, ProgramEnd::default());
        })
        .run()
}

fn with_room() -> Made {
    with_second(destination(8081, &[(Ok, 50)], 50, 64, 0))
}

const FIRST_IS_FULL: &str =
    "Full was that of port 8080 (limit 5, server.command.backlog; 44 segments dropped).";

#[test]
fn the_explanation_is_about_the_listener_that_was_full() {
    let text = why(&with_room());
    for expected in [
        "Each listener has an accept queue of its own.",
        FIRST_IS_FULL,
        "A backlog of 49 (nginx: `backlog=49` in the `listen` directive: `listen 80 backlog=49;`) has \
         room for all 50 clients of port 8080.",
        "Port 8081: its listener dropped nothing; its queue holds 65, and the most that was seen in it \
         is 50.",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    assert!(!text.contains("Its limit"), "there is not only one: {text}");
}

#[test]
fn a_queue_that_the_last_client_filled_was_not_full_for_any() {
    let text = why(&with_second(destination(8081, &[(Ok, 50)], 50, 49, 0)));
    assert!(text.contains(FIRST_IS_FULL), "{text}");
    let room = "Port 8081: its listener dropped nothing; its queue holds 50, and the most that was \
                seen in it is 50.";
    assert!(text.contains(room), "{text}");
}

#[test]
fn several_listeners_of_a_port_are_not_one_queue() {
    // The sum is more than the limit of each, and no queue was full.
    let four = |outcomes: &[_], deepest, drops| DestinationRecord {
        listeners: Some(4),
        deepest: Some(deepest),
        ..destination(8081, outcomes, 50, 15, drops)
    };
    let text = why(&with_second(four(&[(Ok, 50)], 14, 0)));
    assert!(text.contains(FIRST_IS_FULL), "{text}");
    assert!(text.contains("Port 8081: nothing was dropped there."), "{text}");
    assert!(!text.contains("holds"), "what they hold depends on a hash: {text}");

    let made = with_second(four(&[(Ok, 47), (TimedOut, 3)], 16, 3));
    let text = why(&made);
    let full = "and port 8081 (at least one of its 4 listeners; limit 15, as the kernel reports it; 3 \
                segments dropped).";
    assert!(text.contains(full), "{text}");
    let remedy = "has room for all 50 clients of port 8080.";
    assert!(text.contains(remedy) && !text.contains("clients of each of"), "{text}");
    assert_eq!(row(&made, "8081"), ["port 8081", "50", "94", "0", "3", "15", "16", "3"]);
}

#[test]
fn an_unknown_number_of_listeners_is_not_one() {
    let unknown = DestinationRecord {
        listeners: None,
        deepest: None,
        drops: None,
        ..destination(8081, &[(Ok, 50)], 50, 15, 0)
    };
    let text = why(&with_second(unknown));
    assert!(text.contains(FIRST_IS_FULL) && !text.contains("8081"), "{text}");
}

/// The cells of the row of a port.
fn row(made: &Made, port: &str) -> Vec<String> {
    let text = summary(made);
    let row = text.lines().find(|line| line.contains(&format!("│ port {port}"))).unwrap();
    let cells = row.split('│').map(str::trim).filter(|cell| !cell.is_empty());
    cells.map(str::to_owned).collect()
}

#[test]
fn each_destination_has_a_row() {
    let made = with_room();
    assert_eq!(row(&made, "8080"), ["port 8080", "50", "12", "0", "44", "5", "6", "44"]);
    assert_eq!(row(&made, "8081"), ["port 8081", "50", "100", "0", "0", "64", "50", "0"]);
}

#[test]
fn the_queues_of_several_destinations_have_no_sum() {
    let files = report::files(&with_room(), Path::new("run"));
    let table = files.files.iter().find(|file| file.0 == "cells.csv").unwrap();
    let table = std::str::from_utf8(&table.1).unwrap();
    let columns = |line: usize| table.lines().nth(line).unwrap().split(',').collect::<Vec<_>>();
    let values = columns(0).into_iter().zip(columns(1));
    let deepest: Vec<_> = values.filter(|(name, _)| name.starts_with("deepest_queue")).collect();
    assert!(
        !deepest.is_empty() && deepest.iter().all(|(_, value)| value.is_empty()),
        "{deepest:?}"
    );
}

#[test]
fn the_limit_of_a_port_is_a_setting_and_no_answer() {
    let law = |law: &Law, value: f64| LawCheck {
        id: format!("{}-port-8081", law.id),
        measured: Some(value),
        deviation: Some(0.0),
        held: Some(true),
        ..LawCheck::new(law, value, None)
    };
    let cell = |fixture: Fixture, backlog: u32| {
        fixture.cell([("server.command.backlogs.8081", json!(backlog))], |trial| {
            trial.set_outcomes(&[(Ok, 20)]);
            let limit = f64::from(backlog);
            trial.laws.extend([law(&LISTEN_LIMIT, limit), law(&CAPACITY, limit + 1.0)]);
        })
    };
    let made = [64, 511].into_iter().fold(Fixture::new(json!({})), cell).run();
    let text = report::answer(&made);
    assert!(text.contains(CAPACITY.title) && !text.contains(LISTEN_LIMIT.title), "{text}");
}
