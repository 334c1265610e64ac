//! Servers that do not start, do not stop, or use too much.

use std::process::Stdio;
use std::time::{Duration, Instant};

use run_record::Outcome;

use super::{SERVER, Scenario, processes_with};
use crate::support::ordinary_user::{Sandbox, as_ordinary_user};
use crate::support::{all_output, has_passed_in, text};

const LOAD: &str = "load: { clients: 20, messages: 0 }";

#[test]
fn one_that_ends_at_once_is_an_error_with_its_output() {
    let scenario = Scenario::new("raise SystemExit('no configuration')", "", LOAD);
    let error = scenario.error();
    assert!(error.contains("it ended (exit status 1) before it listened on port 8080"), "{error}");
    assert!(error.contains("no configuration"), "{error}");
}

#[test]
fn one_that_never_listens_is_an_error() {
    let program = "import time\nprint('thinking', flush=True)\ntime.sleep(1000)";
    let scenario = Scenario::new(program, "ready: { within: 6s }", LOAD);
    let error = scenario.error();
    assert!(error.contains("it has not listened on port 8080 within 6s"), "{error}");
    assert!(error.contains("thinking"), "{error}");
}

#[test]
fn another_port_and_a_loopback_address_are_named() {
    for (from, to, expected) in [
        ("8080", "8081", "it listens on 0.0.0.0:8081, not on port 8080 (server.command.port)"),
        ("('',", "('127.0.0.1',", "it listens on 127.0.0.1:8080; clients of another host"),
        (
            "('', 8080)",
            "('::', 8080), family=socket.AF_INET6",
            "it listens on [::]:8080 for IPv6 only (IPV6_V6ONLY), and clients connect over IPv4",
        ),
    ] {
        let program = SERVER.replace(from, to);
        let error = Scenario::new(&program, "ready: { within: 6s }", LOAD).error();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn one_that_is_not_installed_is_an_error_before_the_first_trial() {
    let scenario = Scenario::new(SERVER, "", LOAD);
    let output = scenario.run(&["--set", "server.command.program=[no-such-server]"]);
    let all = all_output(&output);
    assert_eq!(output.status.code(), Some(5), "{all}");
    assert!(text(&output.stderr).contains("`no-such-server`: it is not installed"), "{all}");
}

#[test]
fn a_user_that_there_is_not_is_an_error() {
    let error = Scenario::new(SERVER, "user: no-such-user", LOAD).error();
    let expected = match nix::unistd::geteuid().is_root() {
        true => "there is no such user in /etc/",
        false => "only root may run a program as another user",
    };
    assert!(error.contains(expected), "{error}");
}

#[test]
fn one_that_forks_and_exits_and_listens_on_ipv6_and_two_ports_is_measured() {
    let program = format!(
        "import os, sys\nif os.fork() > 0: sys.exit(0)\nos.setsid()\n{}",
        SERVER.replace(
            "s = socket.create_server(('', 8080), backlog=5)",
            "other = socket.create_server(('', 9090), backlog=7)\n\
             s = socket.create_server(('::', 8080), backlog=5, family=socket.AF_INET6, \
             dualstack_ipv6=True)"
        )
    );
    let trial = Scenario::new(&program, "", LOAD).trial();
    let report = trial.program.as_ref().expect("a program");
    assert_eq!(trial.server_died, None, "its child is the server");
    assert_eq!(report.end.status.as_deref(), Some("exit status 0"), "{report:?}");
    let mut listeners = report.listeners.clone();
    listeners.sort();
    assert_eq!(listeners, ["0.0.0.0:9090", "[::]:8080"]);
    assert_eq!(trial.evidence.accept_queue.unwrap().limit, 5, "that of its own port");
    assert_eq!(trial.outcomes.total(), 20);
}

#[test]
fn one_that_ignores_sigterm_and_leaves_children_is_killed_with_them() {
    let word = format!("left-by-test-{}", std::process::id());
    let program = format!(
        "import signal, subprocess, sys\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n\
         for _ in range(3):\n    subprocess.Popen([sys.executable, '-c', 'import time; \
         time.sleep(1000)', '{word}'], start_new_session=True)\n{SERVER}"
    );
    let trial = Scenario::new(&program, "stop: { grace: 300ms }", LOAD).trial();
    let end = &trial.program.as_ref().expect("a program").end;
    assert_eq!(end.killed_processes, 4, "itself and its children: {end:?}");
    assert_eq!(end.status.as_deref(), Some("SIGKILL"), "{end:?}");
    assert_eq!(processes_with(&word), [0; 0], "nothing is left");
}

#[test]
fn nothing_of_it_outlives_a_lab_that_is_killed() {
    let word = format!("outlives-test-{}", std::process::id());
    let program = format!(
        "import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; \
         time.sleep(1000)', '{word}'], start_new_session=True)\n{SERVER}"
    );
    let load = "load: { clients: 1, messages: 0, linger: 10min }";
    let scenario = Scenario::new(&program, "", load);
    let mut lab =
        scenario.command(&[]).stderr(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    await_processes(&word, |count| count == 1);
    lab.kill().unwrap();
    lab.wait().unwrap();
    await_processes(&word, |count| count == 0);
}

/// Waits until the number of processes with this word is as wanted.
fn await_processes(word: &str, is_wanted: impl Fn(usize) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(240);
    while !is_wanted(processes_with(word).len()) {
        assert!(Instant::now() < deadline, "{:?}", processes_with(word));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_ordinary_user_runs_one() {
    let sandbox = Sandbox::new();
    let scenario = Scenario::new(SERVER, "", LOAD);
    let file = sandbox.out.join("program.yaml");
    std::fs::copy(scenario.file(), &file).unwrap();
    let out = sandbox.out.to_str().unwrap();
    let file = file.to_str().unwrap();
    let run = sandbox.queuelab(&["run", file, "--allow-commands", "--out", out]);
    let output = as_ordinary_user(run).output().unwrap();
    assert!(has_passed_in(output.status.code(), &sandbox.out), "{}", all_output(&output));
}

#[test]
fn one_that_fills_its_output_goes_on_and_the_ends_of_it_are_kept() {
    let program = SERVER.replace(
        "print('ready', flush=True)",
        "print('first line', flush=True)\nfor n in range(300000): print('line', n)\n\
         print('last line', flush=True)",
    );
    let trial = Scenario::new(&program, "ready: { line: last line }", LOAD).trial();
    let output = &trial.program.as_ref().expect("a program").output;
    assert!(output.head.starts_with("first line\n"), "{}", output.head.len());
    assert!(output.tail.ends_with("last line\n"), "{}", output.tail.len());
    assert!(output.left_out_bytes > 3_000_000, "{}", output.left_out_bytes);
    assert!(output.head.len() + output.tail.len() <= 20_000);
}

#[test]
fn one_that_eats_memory_or_forks_for_ever_is_killed_and_says_why() {
    for (program, server, expected) in [
        (
            "x = []\nwhile True: x.append(bytearray(b'x' * 1_000_000))",
            "limits: { memory_mib: 200 }",
            // Its own limit or that of all processes, whichever is noticed first.
            ["MemoryError", "its limit is 200 MiB"],
        ),
        (
            "import subprocess, sys\nwhile True: subprocess.Popen([sys.executable, '-c', \
             'import time; time.sleep(1000)'])",
            "limits: { processes: 20 }",
            ["it had ", "processes; its limit is 20"],
        ),
    ] {
        let error = Scenario::new(program, server, LOAD).error();
        assert!(expected.iter().any(|reason| error.contains(reason)), "{error}");
    }
}

#[test]
fn its_cpu_time_is_the_labs_own_and_no_disturbance() {
    let busy = "import threading\ndef spin():\n    while True: pass\n\
                threading.Thread(target=spin, daemon=True).start()\nwhile True:";
    let program = SERVER.replace("while True:", busy);
    // Longer than the lab stalls before the program is stopped.
    let load = "load: { clients: 1, messages: 0, linger: 6s }";
    let trial = Scenario::new(&program, "", load).trial();
    let used = trial.program.as_ref().expect("a program").cpu_seconds.unwrap();
    let own = trial.disturbance.as_ref().expect("the usage is known").own_cpu_seconds;
    assert!(own > used / 2.0, "{own} of {used} s");
}

#[test]
fn one_that_dies_under_the_load_fails_the_run() {
    let program = SERVER.replace("while True:", "for _ in range(5):");
    // The lingering ends when the server has.
    let load = "load: { clients: 20, messages: 0, linger: 1min }";
    let scenario = Scenario::new(&program, "", load);
    let output = scenario.run(&[]);
    assert_eq!(output.status.code(), Some(3), "{}", all_output(&output));
    let trials = scenario.trials();
    assert_eq!(trials[0].server_died.as_deref(), Some("exit status 0"));
    assert_eq!(trials[0].outcomes.get(Outcome::Phantom), 0, "never assumed");
}
