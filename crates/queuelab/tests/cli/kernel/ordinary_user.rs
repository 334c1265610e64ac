//! The lab without root: in a user namespace of its own, and where even that
//! is forbidden, an error that says so and what to do.

use std::process::Command;

use crate::support::ordinary_user::{Bench, as_ordinary_user, with_limit_zero};
use crate::support::{repository, runs, said, text};
use run_record::RunDirectory;

#[test]
fn smoke_runs_as_an_ordinary_user() {
    let bench = Bench::new();
    let output = as_ordinary_user(bench.smoke()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let (record, trials) = RunDirectory::read(&runs(&bench.out)[0]).unwrap();
    assert_eq!(record.backend.details, "in an unprivileged user namespace");
    assert_eq!(trials.len(), record.planned_trials as usize);
    assert!(trials.iter().all(|trial| trial.evidence.probe.is_some()));
}

#[test]
fn smoke_runs_as_whoever_runs_the_tests() {
    let bench = Bench::new();
    let output = Command::new(&bench.binary)
        .args(["run", "smoke", "--out"])
        .arg(&bench.out)
        .current_dir(repository())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn where_user_namespaces_are_forbidden_the_error_names_the_cause_and_the_way_out() {
    let bench = Bench::new();
    let output = with_limit_zero(bench.smoke(), "max_user_namespaces");
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    let stderr = text(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(stderr.contains("user.max_user_namespaces"), "{stderr}");
    assert!(stderr.contains("root"), "{stderr}");
    assert!(stderr.contains("--backend docker"), "{stderr}");
    assert!(runs(&bench.out).is_empty());
}

#[test]
fn where_network_namespaces_are_forbidden_the_error_names_the_cause() {
    let bench = Bench::new();
    let output = with_limit_zero(bench.smoke(), "max_net_namespaces");
    assert_eq!(output.status.code(), Some(5), "{}", said(&output));
    let stderr = text(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(stderr.contains("max_net_namespaces"), "{stderr}");
    assert!(!stderr.contains("--backend docker"), "containers need them too: {stderr}");
}
