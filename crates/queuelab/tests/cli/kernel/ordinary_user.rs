//! The lab without root: it runs in a user namespace, and reports the cause and a hint where
//! these are forbidden.

use std::path::PathBuf;
use std::process::Command;

use crate::support::ordinary_user::{Sandbox, as_ordinary_user, run_with_limit_zero};
use crate::support::{all_output, assert_passed, in_one_line, repository, runs, text};
use run_record::RunDirectory;

#[test]
fn smoke_runs_as_an_ordinary_user() {
    let sandbox = Sandbox::new();
    let output = as_ordinary_user(sandbox.smoke()).output().unwrap();
    assert_passed(&output);
    let (record, trials) = RunDirectory::read(&runs(&sandbox.out)[0]).unwrap();
    assert_eq!(record.backend.details, "in an unprivileged user namespace");
    assert_eq!(trials.len(), record.planned_trials as usize);
    assert!(trials.iter().all(|trial| trial.evidence.probe.is_some()));
}

#[test]
fn smoke_runs_as_the_user_of_the_tests() {
    let sandbox = Sandbox::new();
    let output = Command::new(&sandbox.binary)
        .args(["run", "smoke", "--out"])
        .arg(&sandbox.out)
        .current_dir(repository())
        .output()
        .unwrap();
    assert_passed(&output);
}

#[test]
fn forbidden_user_namespaces_are_an_error_with_cause_and_hint() {
    let sandbox = Sandbox::new();
    let output = run_with_limit_zero(sandbox.smoke(), "max_user_namespaces");
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    let stderr = in_one_line(&text(&output.stderr));
    assert!(stderr.contains("user.max_user_namespaces"), "{stderr}");
    assert!(stderr.contains("root"), "{stderr}");
    assert!(stderr.contains("--backend docker"), "{stderr}");
    assert!(runs(&sandbox.out).is_empty());
}

#[test]
fn forbidden_network_namespaces_are_an_error_with_the_cause() {
    let sandbox = Sandbox::new();
    let output = run_with_limit_zero(sandbox.smoke(), "max_net_namespaces");
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    let stderr = in_one_line(&text(&output.stderr));
    assert!(stderr.contains("max_net_namespaces"), "{stderr}");
    assert!(!stderr.contains("--backend docker"), "containers need them too: {stderr}");
}

#[test]
fn check_refuses_a_value_that_run_refuses() {
    let sandbox = Sandbox::new();
    let scenario = sandbox.out.with_file_name("refused.yaml");
    let text_of = "name: refused\nquestion: Is it valid?\nmatrix:\n  \
                   hosts.client.sysctls.net.ipv4.tcp_syn_retries: [6, 900]\n";
    std::fs::write(&scenario, text_of).unwrap();
    for command in ["check", "predict", "run"] {
        let mut command = sandbox.queuelab(&[command]);
        command.arg(&scenario);
        let output = as_ordinary_user(command).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
        let stderr = text(&output.stderr);
        assert!(stderr.contains("refused.yaml:4:54"), "the place: {stderr}");
        assert!(stderr.contains("use 1 to 127"), "the allowed range: {stderr}");
    }
}

/// Writes a scenario with these settings.
fn write_scenario(sandbox: &Sandbox, settings: &str) -> PathBuf {
    let scenario = sandbox.out.with_file_name("many.yaml");
    let text = format!("name: many\nquestion: May it have so many?\n{settings}\n");
    std::fs::write(&scenario, text).unwrap();
    scenario
}

#[test]
fn check_refuses_more_clients_than_run_may_open_files_for() {
    let sandbox = Sandbox::new();
    let scenario = write_scenario(&sandbox, "matrix: {load.clients: [2, 137]}");
    for (command, limit, code) in [("check", 200, 5), ("run", 200, 5), ("check", 201, 0)] {
        // An ordinary user may not raise the hard limit.
        let mut shell = Command::new("sh");
        let limited = format!("ulimit -n {limit} && exec \"$0\" \"$@\"");
        shell.args(["-c", &limited]).arg(&sandbox.binary).arg(command).arg(&scenario);
        shell.current_dir(sandbox.out.parent().unwrap());
        let output = as_ordinary_user(shell).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", all_output(&output));
        let stderr = in_one_line(&text(&output.stderr));
        assert_eq!(stderr.contains("allow 201 open files"), code == 5, "{stderr}");
        let named = text(&output.stdout).contains("many: valid, but this machine's limits");
        assert_eq!(named, (command, code) == ("check", 5), "{}", all_output(&output));
    }
}

#[test]
fn check_refuses_more_clients_than_the_server_may_start_threads_for() {
    const LIMITED: &str = "import os, resource, sys
resource.setrlimit(resource.RLIMIT_NPROC, (8000, 8000))
os.execv(sys.argv[1], sys.argv[1:])";
    let sandbox = Sandbox::new();
    // Other processes of this user count too, so the limit is far from what is needed.
    for (side_by_side, code) in [(true, 5), (false, 0)] {
        let settings = format!("load: {{clients: 900}}\nrepeat: 16\nside_by_side: {side_by_side}");
        let scenario = write_scenario(&sandbox, &settings);
        let mut python = Command::new("python3");
        python.args(["-c", LIMITED]).arg(&sandbox.binary).arg("check").arg(&scenario);
        python.current_dir(sandbox.out.parent().unwrap());
        let output = as_ordinary_user(python).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", all_output(&output));
        let stderr = in_one_line(&text(&output.stderr));
        assert_eq!(stderr.contains("more threads (RLIMIT_NPROC 8000, of"), code == 5, "{stderr}");
        let named = text(&output.stdout).contains("many: valid, but this machine's limits");
        assert_eq!(named, code == 5, "{}", all_output(&output));
    }
}
