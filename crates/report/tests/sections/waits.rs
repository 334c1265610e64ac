//! The attempts that waited for SYN retransmissions, and their outcomes.

use report::{Run, summary};
use run_record::Outcome::{Incomplete, Ok, Reset, TimedOut};
use run_record::TrialRecord;
use serde_json::json;

use crate::fixture::{Change, Fixture, paused};
use crate::runs::{nothing_happened, syn_retry_ladder};

/// The lines of the section.
fn waits(run: &Run) -> Vec<String> {
    let text = summary(run);
    let from = text.split("Waiting for SYN retransmissions").nth(1);
    let section = from.and_then(|from| from.split("\n\n").next()).unwrap_or_default();
    section.lines().skip(1).map(|line| line.trim().to_owned()).collect()
}

fn only(change: impl FnOnce(&mut TrialRecord)) -> Vec<String> {
    waits(&Fixture::new(json!({})).cell([], change).run())
}

#[test]
fn each_retransmission_is_listed_with_its_time_and_outcome() {
    let lines = only(|trial| {
        trial.set_outcomes(&[(Ok, 107), (TimedOut, 303)]).set_syn_retransmits(&[
            (0, 10),
            (1, 97),
            (2, 303),
        ]);
    });
    assert_eq!(
        lines,
        [
            "97 attempts waited one SYN retransmission (1.0 s), and ended ok",
            "303 attempts gave up after 2 SYN retransmissions (the last at 2.0 s)",
        ]
    );
}

#[test]
fn attempts_that_gave_up_had_sent_all_retransmissions_in_time() {
    let lines = only(|trial| {
        trial.set_outcomes(&[(Ok, 8), (TimedOut, 1)]).set_syn_retransmits(&[
            (0, 5),
            (1, 2),
            (2, 2),
        ]);
    });
    assert_eq!(
        lines,
        [
            "2 attempts waited one SYN retransmission (1.0 s), and ended ok",
            "1 attempt waited 2 SYN retransmissions (2.0 s), and ended ok",
            "1 attempt gave up after 2 SYN retransmissions (the last at 2.0 s)",
        ]
    );
}

#[test]
fn missing_records_are_not_guessed() {
    let lines = only(|trial| {
        trial.set_outcomes(&[(Ok, 4), (Reset, 2), (Incomplete, 3)]).set_syn_retransmits(&[
            (0, 2),
            (1, 4),
            (2, 3),
        ]);
    });
    assert_eq!(
        lines,
        [
            "4 attempts made one SYN retransmission (sent at 1.0 s); some ended ok",
            "3 attempts made 2 SYN retransmissions (the last at 2.0 s); some ended ok",
        ]
    );
}

#[test]
fn retransmission_times_follow_the_settings_of_the_client() {
    let lines = waits(&syn_retry_ladder());
    let at = |line: &str| lines.iter().any(|other| other == line);
    assert!(at("4 attempts gave up after 2 SYN retransmissions (the last at 2.0 s)"), "{lines:?}");
    assert!(at("4 attempts gave up after 3 SYN retransmissions (the last at 7.0 s)"), "{lines:?}");
    assert!(at("4 attempts gave up after 7 SYN retransmissions (the last at 11.0 s)"), "{lines:?}");
    assert!(lines.iter().all(|line| line.chars().count() <= 100), "{lines:?}");
}

#[test]
fn few_cells_have_a_row_each_and_many_have_none() {
    let run = |cells: i64| {
        let fixture = Fixture::new(paused(0, "2s"));
        let cell = |fixture: Fixture, backlog| {
            fixture.cell([("server.backlog", json!(backlog))], |trial| {
                trial
                    .set_outcomes(&[(Ok, 1), (TimedOut, 4)])
                    .set_syn_retransmits(&[(0, 1), (1, 4)]);
            })
        };
        (0..cells).fold(fixture, cell).run()
    };
    let rows = |cells| {
        let text = summary(&run(cells));
        let waits = text.split("Waiting for SYN retransmissions").nth(1).unwrap();
        let section = waits.split("What the kernel counted").next().unwrap();
        section.lines().filter(|line| line.contains("│ 4 │")).count()
    };
    assert_eq!(rows(16), 16);
    assert_eq!(rows(17), 0);
    assert_eq!(
        waits(&run(17)),
        ["68 attempts gave up after one SYN retransmission (sent at 1.0 s)"]
    );
}

#[test]
fn without_waits_there_is_no_section() {
    assert!(waits(&nothing_happened()).is_empty());
}
