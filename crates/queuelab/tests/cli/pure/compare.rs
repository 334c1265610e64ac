//! Runs of the same binary held against each other, and against one that a
//! slower server would have left.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::support::{changed, out_directory, queuelab, run, runs, said, text};
use run_record::RunDirectory;

/// One cell, ten times: a burst that finds room, and clients that write at a pace
/// which any machine keeps.
const RUN: [&str; 13] = [
    "smoke",
    "--only",
    "server.design=snapshot",
    "--only",
    "server.backlog=64",
    "--set",
    "load.messages=5",
    "--set",
    "load.interval=40ms",
    "--repeat",
    "10",
    "--backend",
    "netns",
];

fn compare(base: &Path, new: &Path, flags: &[&str]) -> Output {
    let arguments = ["compare", base.to_str().unwrap(), new.to_str().unwrap()];
    queuelab(&[&arguments, flags].concat()).output().unwrap()
}

#[test]
fn the_same_binary_never_regresses_and_a_slower_server_does() {
    let (first, second, slowed) = (out_directory(), out_directory(), out_directory());
    // Side by side: whatever else the machine is busy with is the same for both.
    std::thread::scope(|scope| {
        for out in [&first, &second] {
            scope.spawn(|| {
                let (output, _, trials) = run(out.path(), &RUN);
                assert!(output.status.success() && trials.len() == 10, "{}", said(&output));
            });
        }
    });
    let (base, again) = (runs(first.path()).remove(0), runs(second.path()).remove(0));

    // What chance may make of it: inconclusive. By default one comparison in
    // twenty may see a change in chance; a test that fails so often helps nobody.
    let output = compare(&base, &again, &["--alpha", "0.001"]);
    assert!(matches!(output.status.code(), Some(0 | 6)), "{}", said(&output));
    assert!(!text(&output.stdout).contains("regressed"), "{}", said(&output));

    let output = compare(&base, &base, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(text(&output.stdout).contains("Verdict: held"), "{}", said(&output));

    let slower = changed(&base, slowed.path(), |trial| {
        trial.rates.delivered *= 0.75;
        trial.rates.ingested = trial.rates.ingested.map(|rate| rate * 0.75);
    });
    let output = compare(&base, &slower, &[]);
    assert_eq!(output.status.code(), Some(4), "{}", said(&output));
    let cell = "(design snapshot, backlog 64)";
    let regressed = format!("Regressed:\n  delivered {cell}\n  ingested {cell}\n\n");
    assert!(text(&output.stdout).contains(&regressed), "{}", said(&output));
    let output = compare(&base, &slower, &["--floor", "30%"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));

    let broken = changed(&base, slowed.path(), |trial| trial.invariants[0].held = Some(false));
    assert_eq!(compare(&slower, &broken, &[]).status.code(), Some(3));

    let elsewhere = RunDirectory::read(&slower).unwrap().0;
    let elsewhere = run_record::RunRecord {
        machine: run_record::Machine { cpus: 4096, ..elsewhere.machine },
        ..elsewhere
    };
    fs::write(slower.join("run.json"), serde_json::to_vec(&elsewhere).unwrap()).unwrap();
    let output = compare(&base, &slower, &[]);
    assert_eq!(output.status.code(), Some(6), "{}", said(&output));
    assert!(text(&output.stdout).contains("4096 in the new run"), "{}", said(&output));
}

#[test]
fn what_is_no_run_is_a_wrong_use() {
    let out = out_directory();
    let output = compare(out.path(), out.path(), &[]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(text(&output.stderr).contains("it is not a run directory"), "{}", said(&output));
}
