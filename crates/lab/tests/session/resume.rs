//! Resuming runs.

use std::fs;

use lab::{RunRequest, Target};
use run_record::RunDirectory;

use crate::bench::{Bench, Interrupt, script};

/// A run with one of four trials done.
fn unfinished(bench: &Bench, name: &str) -> std::path::PathBuf {
    let scenario = bench.scenario(name, "repeat: 4\n");
    bench.run_until(script("{}"), bench.request(&scenario), Interrupt::AtTrial(2));
    bench.only_run().0
}

#[test]
fn a_run_is_resumed_without_the_file_of_its_scenario() {
    let bench = Bench::new();
    let run = unfinished(&bench, "mine");
    fs::remove_file(bench.path().join("mine.yaml")).unwrap();
    let resumed = bench.run(script("{}"), bench.resume(&run));
    assert_eq!((resumed.started.len(), resumed.run().trials.len()), (3, 4));
}

#[test]
fn a_trial_with_a_truncated_line_is_run_again() {
    let bench = Bench::new();
    let scenario = bench.scenario("cut", "repeat: 3\n");
    let run = bench.run(script("{}"), bench.request(&scenario)).run().path;
    let trials = run.join("trials.jsonl");
    let complete = fs::read(&trials).unwrap();
    fs::write(&trials, &complete[..complete.len() - 40]).unwrap();
    let resumed = bench.run(script("{}"), bench.resume(&run));
    assert_eq!(resumed.started.len(), 1);
    assert_eq!(RunDirectory::read(&run).unwrap().1.len(), 3);
}

#[test]
fn a_run_of_another_scenario_is_refused() {
    let bench = Bench::new();
    let run = unfinished(&bench, "mine");
    let other = bench.scenario("other", "");
    let target = Target::Resume { run: run.clone(), scenario: Some(other), allow_large: false };
    let session = bench.run(script("{}"), RunRequest { target, ..bench.resume(&run) });
    assert!(session.error().contains("it is a run of another scenario"), "{}", session.error());

    let changed = bench.scenario("mine", "repeat: 5\n");
    let target = Target::Resume { run: run.clone(), scenario: Some(changed), allow_large: false };
    let session = bench.run(script("{}"), RunRequest { target, ..bench.resume(&run) });
    assert!(session.error().contains("whose file has changed since"), "{}", session.error());
}

#[test]
fn a_directory_that_is_not_a_run_is_refused() {
    let bench = Bench::new();
    let session = bench.run(script("{}"), bench.resume(bench.path()));
    assert!(session.error().contains("not a run directory"), "{}", session.error());
}

#[test]
fn a_run_of_another_backend_is_refused() {
    let bench = Bench::new();
    let run = unfinished(&bench, "mine");
    let file = run.join("run.json");
    let record = fs::read_to_string(&file).unwrap();
    fs::write(&file, record.replace("\"fake\"", "\"docker\"")).unwrap();
    let session = bench.run(script("{}"), bench.resume(&run));
    let error = session.error();
    assert!(error.contains("it ran on the backend docker, and this is fake"), "{error}");
}
