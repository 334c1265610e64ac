//! `queuelab doctor`: the exit code is the verdict, and what is missing has a hint.

use std::process::Output;

use crate::support::ordinary_user::{Sandbox, as_ordinary_user, run_with_limit_zero};
use crate::support::{all_output, in_one_line, queuelab, text};
use serde_json::Value;

/// A socket without an engine.
const NO_ENGINE: (&str, &str) = ("DOCKER_HOST", "unix:///nonexistent/docker.sock");

/// `queuelab doctor` where there is no Docker engine.
fn without_engine(flags: &[&str]) -> Output {
    let arguments: Vec<&str> = ["doctor"].iter().chain(flags).copied().collect();
    queuelab(&arguments).env(NO_ENGINE.0, NO_ENGINE.1).output().unwrap()
}

pub(crate) fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", all_output(output)))
}

/// A finding of a section.
pub(crate) fn finding<'a>(diagnosis: &'a Value, section: &str, what: &str) -> &'a Value {
    let findings = diagnosis[section].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["what"] == what);
    found.unwrap_or_else(|| panic!("no {what}: {findings:#?}"))
}

pub(crate) fn field_contains(finding: &Value, field: &str, text: &str) -> bool {
    finding[field].as_str().is_some_and(|found| found.contains(text))
}

#[test]
fn one_ready_backend_is_enough_and_the_other_has_a_hint() {
    let output = without_engine(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let printed = text(&output.stdout);
    for line in [
        "This machine\n",
        "Backend netns: ready\n",
        "Backend docker: NOT ready\n",
        "Scenarios can run on this machine: try `queuelab run smoke`.\n",
    ] {
        assert!(printed.contains(line), "{line}: {printed}");
    }
    let engine = printed.lines().position(|line| line.starts_with("  MISSING  engine"));
    let engine: Vec<_> = printed.lines().skip(engine.unwrap()).collect();
    let words = in_one_line(&printed);
    assert!(
        words.contains("engine failed to reach the Docker engine at /nonexistent/"),
        "{printed}"
    );
    assert!(engine.iter().any(|line| line.contains("→ start it (`sudo ")), "{printed}");
    assert_eq!(printed.matches("MISSING").count(), 1, "{printed}");
    assert!(!printed.contains('\u{1b}'), "no colours without a terminal");
    assert!(printed.lines().all(|line| line.chars().count() <= 60), "{printed}");
}

#[test]
fn json_has_the_same_findings() {
    let output = without_engine(&["--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let diagnosis = json(&output);
    assert_eq!(diagnosis["ready"], serde_json::json!({ "netns": true, "docker": false }));
    for what in ["kernel", "CPUs", "memory", "clients", "open files", "threads", "scheduler"] {
        assert_ne!(finding(&diagnosis, "machine", what)["state"], "missing");
    }
    assert_eq!(finding(&diagnosis, "machine", "inet_diag")["state"], "ok");
    let testbed = finding(&diagnosis, "netns", "testbed");
    assert!(testbed["state"] == "ok" && field_contains(testbed, "detail", " ms"), "{testbed}");
    let sysctls = format!(" of {} ", linux_net::Sysctl::NAMES.len());
    assert!(field_contains(finding(&diagnosis, "netns", "sysctls"), "detail", &sysctls));
    let engine = finding(&diagnosis, "docker", "engine");
    assert!(
        engine["state"] == "missing" && field_contains(engine, "hint", "DOCKER_HOST"),
        "{engine}"
    );
}

#[test]
fn only_the_selected_backend_decides_the_exit_code() {
    let docker = without_engine(&["--backend", "docker", "--json"]);
    assert_eq!(docker.status.code(), Some(5), "{}", all_output(&docker));
    let diagnosis = json(&docker);
    assert_eq!(diagnosis["ready"], serde_json::json!({ "docker": false }));
    assert!(diagnosis.get("netns").is_none());

    let printed = text(&without_engine(&["--backend", "docker"]).stdout);
    assert!(
        printed.ends_with("No scenario can run on this machine: fix what is MISSING.\n"),
        "{printed}"
    );

    let netns = without_engine(&["--backend", "netns"]);
    assert_eq!(netns.status.code(), Some(0), "{}", all_output(&netns));
    assert!(!text(&netns.stdout).contains("docker"), "{}", all_output(&netns));
}

#[test]
fn an_ordinary_user_may_use_user_namespaces() {
    let sandbox = Sandbox::new();
    let doctor = sandbox.queuelab(&["doctor", "--backend", "netns", "--json"]);
    let output = as_ordinary_user(doctor).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let diagnosis = json(&output);
    let allowed = finding(&diagnosis, "netns", "user namespaces");
    assert!(field_contains(allowed, "detail", "allowed: this user is root of one"), "{allowed}");
    assert_eq!(finding(&diagnosis, "netns", "testbed")["state"], "ok");
    // Root of only its own namespace cannot raise the machine's limits.
    let files = finding(&diagnosis, "machine", "open files");
    assert!(!field_contains(files, "detail", "fs.nr_open"), "{files}");
}

#[test]
fn forbidden_user_namespaces_are_reported_with_cause_and_hint() {
    let sandbox = Sandbox::new();
    let mut doctor = sandbox.queuelab(&["doctor", "--json"]);
    doctor.env(NO_ENGINE.0, NO_ENGINE.1);
    let output = run_with_limit_zero(doctor, "max_user_namespaces");
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    let diagnosis = json(&output);
    assert_eq!(diagnosis["ready"], serde_json::json!({ "netns": false, "docker": false }));
    let forbidden = finding(&diagnosis, "netns", "user namespaces");
    assert_eq!(forbidden["state"], "missing");
    assert!(field_contains(forbidden, "detail", "user.max_user_namespaces = 0"), "{forbidden}");
    assert!(
        field_contains(forbidden, "hint", "sudo sysctl -w user.max_user_namespaces="),
        "{forbidden}"
    );
}

#[test]
fn forbidden_network_namespaces_are_reported_with_a_hint() {
    let sandbox = Sandbox::new();
    let doctor = sandbox.queuelab(&["doctor", "--backend", "netns", "--json"]);
    let output = run_with_limit_zero(doctor, "max_net_namespaces");
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    let diagnosis = json(&output);
    let forbidden = finding(&diagnosis, "netns", "network namespaces");
    assert!(field_contains(forbidden, "hint", "user.max_net_namespaces="), "{forbidden}");
}
