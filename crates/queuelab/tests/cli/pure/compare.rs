//! `queuelab compare`: exit codes and output for recorded runs. Statistics are tested in
//! `compare`; live runs of two builds in `kernel::against`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use run_record::{RunDirectory, RunRecord, TrialRecord};

use crate::support::{all_output, copy_changed_run, out_directory, queuelab, repository, text};

/// The cell of the runs below.
const CELL: &str = "(design global-lock, backlog 10, clients 50)";

fn compare(base: &Path, new: &Path, flags: &[&str]) -> Output {
    let arguments = ["compare", base.to_str().unwrap(), new.to_str().unwrap()];
    queuelab(&[&arguments, flags].concat()).output().unwrap()
}

/// A run of one cell of the recorded sweep with ten repetitions, whose rates vary by up to
/// 2 % in an order that differs from seed to seed.
fn synthetic_run(out: &Path, seed: u32) -> PathBuf {
    let sweep = repository().join("crates/report/tests/runs/sweep");
    let (mut record, trials) = RunDirectory::read(&sweep).unwrap();
    let cell = trials.into_iter().find(|trial| trial.cell == 0).unwrap();
    record.planned_trials = 10;
    for axis in &mut record.axes {
        axis.values.retain(|value| cell.point[&axis.path] == *value);
    }
    record.verdict = None;
    let mut directory = RunDirectory::create(out, &record).unwrap();
    for repetition in 0..10 {
        let noise = 0.98 + 0.004 * f64::from((repetition * 7 + seed * 3) % 11);
        let mut trial = TrialRecord { id: repetition, repetition, ..cell.clone() };
        trial.rates.delivered *= noise;
        trial.rates.ingested = trial.rates.ingested.map(|rate| rate * noise);
        directory.append(&trial).unwrap();
    }
    directory.path().to_owned()
}

fn slower(trial: &mut TrialRecord) {
    trial.rates.delivered *= 0.75;
    trial.rates.ingested = trial.rates.ingested.map(|rate| rate * 0.75);
}

#[test]
fn equal_runs_hold() {
    let (first, second) = (out_directory(), out_directory());
    let (base, other) = (synthetic_run(first.path(), 0), synthetic_run(second.path(), 1));
    for new in [&other, &base] {
        let output = compare(&base, new, &[]);
        assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
        assert!(text(&output.stdout).contains("Verdict: held"), "{}", all_output(&output));
        assert!(!text(&output.stdout).contains("regressed"), "{}", all_output(&output));
    }
}

#[test]
fn a_run_with_25_percent_lower_rates_regresses_unless_the_floor_is_higher() {
    let (first, slowed) = (out_directory(), out_directory());
    let base = synthetic_run(first.path(), 0);
    let slow = copy_changed_run(&base, slowed.path(), slower);
    let output = compare(&base, &slow, &[]);
    assert_eq!(output.status.code(), Some(4), "{}", all_output(&output));
    let regressed = format!("Regressed:\n  delivered {CELL}\n  ingested {CELL}\n\n");
    assert!(text(&output.stdout).contains(&regressed), "{}", all_output(&output));
    let output = compare(&base, &slow, &["--floor", "30%"]);
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let output = compare(&slow, &base, &[]);
    assert_eq!(output.status.code(), Some(6), "an improvement: {}", all_output(&output));
}

#[test]
fn a_failed_check_of_the_new_run_fails_the_comparison() {
    let (first, second) = (out_directory(), out_directory());
    let base = synthetic_run(first.path(), 0);
    let broken =
        copy_changed_run(&base, second.path(), |trial| trial.invariants[0].held = Some(false));
    let output = compare(&base, &broken, &[]);
    assert_eq!(output.status.code(), Some(3), "{}", all_output(&output));
}

#[test]
fn metrics_of_another_machine_have_no_baseline() {
    let (first, second) = (out_directory(), out_directory());
    let base = synthetic_run(first.path(), 0);
    let slow = copy_changed_run(&base, second.path(), slower);
    let (mut record, _): (RunRecord, _) = RunDirectory::read(&slow).unwrap();
    record.machine.cpus = 4096;
    fs::write(slow.join("run.json"), serde_json::to_vec(&record).unwrap()).unwrap();
    let output = compare(&base, &slow, &[]);
    assert_eq!(output.status.code(), Some(6), "{}", all_output(&output));
    assert!(text(&output.stdout).contains("4096 in the new run"), "{}", all_output(&output));
}

#[test]
fn a_directory_that_is_no_run_is_a_usage_error() {
    let out = out_directory();
    let output = compare(out.path(), out.path(), &[]);
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("it is not a run directory"), "{}", all_output(&output));
}
