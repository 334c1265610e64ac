//! Answers without words of the scenario.

use std::path::Path;

use report::{Run, answer, findings};
use run_record::{RunDirectory, RunRecord, TrialRecord};

use crate::runs::load_run;

/// A run of the scenario that is a baseline for any machine.
fn baseline(scenario: &str) -> (RunRecord, Vec<TrialRecord>) {
    let runs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reports/baseline").join(scenario);
    let run = std::fs::read_dir(&runs).unwrap().next().unwrap().unwrap();
    RunDirectory::read(&run.path()).unwrap()
}

#[test]
fn the_answer_compares_the_ends_of_the_axis() {
    let (record, trials) = load_run("sweep");
    let text = answer(&Run::new(record, trials));
    assert_eq!(
        text,
        "With backlog 10, 52 of 410 attempts succeeded (13 %); with 300, 410 of 410 (100 %) (design \
         snapshot, clients 205)."
    );
}

#[test]
fn failed_checks_and_missing_trials_come_first() {
    let (record, mut trials) = load_run("sweep");
    trials.pop();
    let text = answer(&Run::new(record.clone(), trials.clone()));
    assert!(
        text.starts_with("Not finished: 15 of 16 trials are recorded, without 12. All "),
        "{text}"
    );
    assert!(text.contains(". With backlog 10, "), "{text}");

    let (mut record, trials) = load_run("sweep");
    record.ended = None;
    let text = answer(&Run::new(record, trials));
    assert!(
        text.starts_with("Not finished: all 16 trials were run, but the run has not ended. "),
        "{text}"
    );

    let (record, mut trials) = load_run("sweep");
    trials[0].laws[0].held = Some(false);
    let text = answer(&Run::new(record.clone(), trials));
    assert!(text.starts_with("FAILED: 1 of 192 checks. With backlog 10, "), "{text}");
    assert_eq!(answer(&Run::new(record, Vec::new())), "No trial has been run yet.");
}

#[test]
fn a_law_answers_if_success_does_not_differ() {
    for (scenario, text) in [
        (
            "time-wait-buckets",
            "The kernel's law “TIME_WAIT kept = min(closes, tcp_max_tw_buckets)”, measured: 0 with \
             net.ipv4.tcp_max_tw_buckets 0; 60 with 100.",
        ),
        (
            "overflow-policy",
            "With net.ipv4.tcp_abort_on_overflow 0, 1 ok, 3 phantom of 4 attempts; ",
        ),
        (
            "port-exhaustion",
            "With net.ipv4.tcp_tw_reuse 0, 19 of 160 attempts succeeded (12 %); with 1, ",
        ),
        ("fin-timeout", "The kernel's law “orphaned FIN_WAIT_2 stands, s”, measured: "),
    ] {
        let (record, trials) = baseline(scenario);
        let answer = answer(&Run::new(record, trials));
        assert!(answer.starts_with(text), "{answer}");
    }
}

#[test]
fn measurements_with_the_same_prediction_are_a_range() {
    let (record, mut trials) = baseline("syn-retry-ladder");
    // The measured values differ whenever the baseline is updated.
    for (trial, measured) in trials.iter_mut().zip([3.052, 3.017]) {
        let law = trial.laws.iter_mut().find(|law| law.id == "syn-retry-first-failure");
        law.unwrap().measured = Some(measured);
    }
    let text = answer(&Run::new(record, trials));
    let law = "The kernel's law “connect(2) gives up, s: the first”, measured: 3.017 … 3.052 in both \
               cells, predicted 3.";
    assert!(text.starts_with(law), "{text}");
}

#[test]
fn the_name_of_a_scenario_does_not_change_the_answer() {
    let (mut record, trials) = load_run("sweep");
    let text = answer(&Run::new(record.clone(), trials.clone()));
    record.scenario.name = "clients".to_owned();
    assert_eq!(answer(&Run::new(record, trials)), text);
}

#[test]
fn values_beyond_those_at_the_ends_are_reported() {
    let (mut record, mut trials) = baseline("time-wait-buckets");
    record.scenario.question = "?".to_owned();
    for trial in &mut trials {
        trial.laws.retain(|law| law.title.starts_with("TIME_WAIT"));
        let at = trial.point["hosts.server.sysctls.net.ipv4.tcp_max_tw_buckets"].as_u64().unwrap();
        let measured = [(0, 5.0), (1, 6.0), (10, 7.0), (25, 90.0), (60, 8.0), (100, 10.0)];
        let law = &mut trial.laws[0];
        law.predicted = measured.iter().find(|(value, _)| *value == at).unwrap().1;
        law.measured = Some(law.predicted);
    }
    let text = answer(&Run::new(record, trials));
    let ends = "measured: 5 with net.ipv4.tcp_max_tw_buckets 0; 90 with 25; 10 with 100.";
    assert!(text.contains(ends), "{text}");
}

/// The sweep with the same success everywhere, so that rates answer; `delivered` is that of a
/// repetition of a design.
fn rates(trials: u32, delivered: impl Fn(&str, u32) -> f64) -> Run {
    let (mut record, recorded) = load_run("sweep");
    let mut all = Vec::new();
    record.axes.retain(|axis| axis.path == "server.design");
    for (cell, design) in ["global-lock", "snapshot"].into_iter().enumerate() {
        for repetition in 0..trials {
            let mut trial = recorded[0].clone();
            (trial.id, trial.cell, trial.repetition) = (all.len() as u32, cell as u32, repetition);
            trial.point = [("server.design".to_owned(), design.into())].into_iter().collect();
            trial.outcomes = (0..trial.attempts).map(|_| run_record::Outcome::Ok).collect();
            trial.laws.clear();
            trial.accept_wait.max_ns = 0;
            trial.rates.messages_written = 1_000;
            trial.rates.delivered = delivered(design, repetition);
            all.push(trial);
        }
    }
    record.planned_trials = all.len() as u32;
    record.verdict = None;
    Run::new(record, all)
}

#[test]
fn rates_have_a_winner_if_enough_trials_show_it() {
    let rate = |design: &str, of_snapshot: f64, repetition: u32| {
        let rate = if design == "snapshot" { of_snapshot } else { 100.0 };
        rate + f64::from(repetition)
    };
    let text = answer(&rates(5, |design, repetition| rate(design, 200.0, repetition)));
    assert_eq!(
        text,
        "Delivered: messages that arrived at clients, /s: 102 (100–104) with design global-lock; 202 \
         (200–204) with snapshot; 1.98 times (1.94 to \
         2.02) as much with snapshot as with global-lock."
    );
    let text = answer(&rates(5, |design, repetition| rate(design, 102.0, repetition)));
    let none = "; no difference that is larger than the variation between trials.";
    assert!(text.ends_with(none), "{text}");
    let text = answer(&rates(2, |design, repetition| rate(design, 200.0, repetition)));
    assert!(text.ends_with("with snapshot; 2 trials per cell: variation unknown."), "{text}");
    let text = answer(&rates(1, |design, repetition| rate(design, 200.0, repetition)));
    assert!(text.contains("attempts succeeded (100 %), the same in each of 2 cells."), "{text}");
}

#[test]
fn two_runs_are_answered_at_the_same_place() {
    let (record, trials) = load_run("sweep");
    let base = Run::new(record.clone(), trials.clone());
    let mut moved = trials;
    // The answer to only the new run would be about the other design.
    let is_moved = |trial: &&mut TrialRecord| {
        trial.point["server.design"] == "global-lock" && trial.point["server.backlog"] == 10
    };
    for trial in moved.iter_mut().filter(is_moved) {
        trial.outcomes = (0..trial.attempts).map(|_| run_record::Outcome::TimedOut).collect();
    }
    let new = Run::new(record, moved);
    assert!(!answer(&new).contains("design snapshot, clients 205"), "{}", answer(&new));
    let found = findings(&base, &new);
    assert!(
        found.iter().all(|text| text.ends_with("(design snapshot, clients 205).")),
        "{found:?}"
    );
}

#[test]
fn a_finding_that_is_the_same_everywhere_has_no_place() {
    let (record, mut trials) = load_run("sweep");
    for trial in &mut trials {
        let fits = trial.point["server.backlog"] == 300;
        let outcome = if fits { run_record::Outcome::Ok } else { run_record::Outcome::TimedOut };
        trial.attempts = 50;
        trial.outcomes = (0..50).map(|_| outcome).collect();
    }
    let text = answer(&Run::new(record, trials));
    let sentence =
        "With backlog 10, 0 of 100 attempts succeeded (0 %); with 300, 100 of 100 (100 %).";
    assert!(text.starts_with(sentence), "{text}");
}
