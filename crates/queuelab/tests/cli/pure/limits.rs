//! Files that ask for unbounded work, given to every command that plans.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;

use crate::support::{all_output, binary, repository, text};

/// Address space of a command, KiB. A file that is refused takes no more than one that is not.
const MAX_MEMORY_KIB: &str = "1000000";

/// CPU time of a command, seconds.
const MAX_CPU_SECONDS: &str = "20";

/// `queuelab ARGUMENTS` in this folder, with limits that end what is not refused.
fn limited(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", "ulimit -v \"$1\"; ulimit -t \"$2\"; shift 2; exec \"$@\"", "sh"])
        .args([MAX_MEMORY_KIB, MAX_CPU_SECONDS, binary()])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

fn output(folder: &Path, arguments: &[&str]) -> Output {
    limited(folder, arguments).output().unwrap()
}

/// The folder of scenarios: each asks for too much in its own way, at the line given.
fn folder() -> (tempfile::TempDir, Vec<(&'static str, usize)>) {
    let folder = tempfile::tempdir().unwrap();
    let scenarios = folder.path().join("scenarios");
    fs::create_dir(&scenarios).unwrap();
    let ten = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]";
    let mut nested = "x0 > 0".to_owned();
    for level in 0..7 {
        nested = format!("{ten}.all(x{level}, {nested})");
    }
    let doubled = format!("\"['0123456789']{} == []\"", ".map(x, x + x)".repeat(29));
    let sum = format!("{} > 0", vec!["1"; 4_764].join(" + "));
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..9 {
        let alias = format!("*a{}", level - 1);
        bomb += &format!("a{level}: &a{level} [{}]\n", [alias.as_str(); 9].join(", "));
    }
    let expect = |expression: &str| format!("expect:\n  - that: {expression}\n");
    let files = [
        ("axis", 4, "matrix:\n  server.backlog: { from: 0, to: 1000000000, steps: 1000000000 }\n".to_owned()),
        ("cells", 3, "matrix:\n  server.backlog: { from: 1, to: 9999, steps: 9999 }\n  load.clients: { from: 1, to: 9999, steps: 9999 }\n".to_owned()),
        ("repeat", 3, "repeat: 4294967295\n".to_owned()),
        ("clients", 3, "load: { clients: 1000000000, messages: 0 }\n".to_owned()),
        ("messages", 3, "load: { messages: 1000000000, interval: 0s }\n".to_owned()),
        ("macros", 4, expect(&nested)),
        ("doubling", 4, expect(&doubled)),
        ("sum", 4, expect(&sum)),
        ("brackets", 4, expect(&format!("\"{}1{} == 1\"", "(".repeat(900), ")".repeat(900)))),
        ("bomb", 6, bomb),
        ("deep", 3, format!("x: {}\n", "[".repeat(100_000))),
        ("wide", 3, format!("x: [{}]\n", "1,".repeat(400_000))),
        ("unknown", 1, (0..40_000).map(|number| format!("unknown{number}: 1\n")).collect()),
        ("path", 4, format!("matrix:\n  server{}: [1]\n", ".a".repeat(90))),
        ("suite", 104, format!("suite:\n{}", "  - smoke\n".repeat(10_000))),
        ("line", 3, format!("x: {}\n", "y".repeat(900_000))),
    ];
    for (name, _, text) in &files {
        let text = format!("name: {name}\nquestion: Is it so?\n{text}");
        fs::write(scenarios.join(format!("{name}.yaml")), text).unwrap();
    }
    (folder, files.map(|(name, line, _)| (name, line)).to_vec())
}

fn assert_refused(output: &Output, what: &str) {
    assert_eq!(output.status.code(), Some(2), "{what}: {}", all_output(output));
    let printed = output.stdout.len() + output.stderr.len();
    assert!(printed < 100_000, "{what} prints {printed} bytes");
}

#[test]
fn each_command_refuses_unbounded_work_at_its_line() {
    let (folder, files) = folder();
    for (name, line) in &files {
        for command in ["check", "show", "predict", "run"] {
            let refused = output(folder.path(), &[command, name]);
            assert_refused(&refused, &format!("{command} {name}"));
            let place = format!("scenarios/{name}.yaml:{line}:");
            let stderr = text(&refused.stderr);
            assert!(stderr.contains(&place), "{command}: {place} is not in {stderr}");
        }
    }
    assert!(!folder.path().join("reports").exists(), "nothing was run");
}

#[test]
fn the_folder_of_such_files_is_listed_and_explained() {
    let (folder, files) = folder();
    let listed = output(folder.path(), &["list"]);
    assert!(listed.status.success(), "{}", all_output(&listed));
    let stdout = text(&listed.stdout);
    for (name, _) in files {
        let row = stdout.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(row.ends_with(&format!("invalid: see `queuelab check {name}`")), "{row}");
    }
    let explained = output(folder.path(), &["explain", "somaxconn"]);
    assert!(explained.status.success(), "{}", all_output(&explained));
}

#[test]
fn flags_that_ask_for_unbounded_work_are_refused() {
    let (folder, _) = folder();
    let deep = format!("server{}=1", ".a".repeat(60_000));
    let nested = format!("server.design={}", "[".repeat(60_000));
    let long = format!("server.design={}", "x".repeat(100_000));
    for command in ["show", "predict", "run"] {
        for (flag, value) in [
            ("--repeat", "4294967295"),
            ("--set", "load.clients=1000000000"),
            ("--set", "repeat=4294967295"),
            ("--set", "matrix.server.backlog={from: 0, to: 1000000000, steps: 1000000000}"),
            ("--set", deep.as_str()),
            ("--set", nested.as_str()),
            ("--set", long.as_str()),
            ("--only", nested.as_str()),
        ] {
            let refused = output(folder.path(), &[command, "smoke", flag, value]);
            assert_refused(
                &refused,
                &format!("{command} {flag} {}", &value[..value.len().min(40)]),
            );
        }
    }
    let bursts = ["size", "--arrivals", "50000/s", "--accept", "1/s", "--burst", "4000000000"];
    assert_refused(&output(folder.path(), &bursts), "size");
}

#[test]
fn special_files_are_refused_by_every_command() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.yaml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let zero = folder.path().join("zero.yaml");
    std::os::unix::fs::symlink("/dev/zero", &zero).unwrap();
    let pipe = pipe.to_str().unwrap();
    let zero = zero.to_str().unwrap();
    for file in [pipe, zero, "/dev/zero", "/dev/stdin", "/proc/self/mem", "/"] {
        for command in ["check", "show", "predict", "run"] {
            let refused = output(folder.path(), &[command, file]);
            assert_refused(&refused, &format!("{command} {file}"));
        }
    }
    for file in [pipe, zero, "/dev/zero"] {
        let rules = ["predict", "smoke", "--kernel-rules", file];
        let refused = output(folder.path(), &rules);
        assert_eq!(refused.status.code(), Some(5), "{file}: {}", all_output(&refused));
        let error = text(&refused.stderr);
        assert!(error.contains("it is not a regular file"), "{file}: {error}");
    }
    // Also by name, and beside others.
    let scenarios = folder.path().join("scenarios");
    fs::create_dir(&scenarios).unwrap();
    fs::rename(pipe, scenarios.join("pipe.yaml")).unwrap();
    fs::rename(zero, scenarios.join("zero.yaml")).unwrap();
    for name in ["pipe", "zero"] {
        assert_refused(&output(folder.path(), &["check", name]), name);
    }
    let suite = "name: mine\nquestion: Is it so?\nsuite: [pipe, zero]\n";
    fs::write(scenarios.join("mine.yaml"), suite).unwrap();
    let refused = output(folder.path(), &["run", "mine"]);
    assert_refused(&refused, "a suite of them");
    assert!(text(&refused.stderr).contains("mine.yaml:3:"), "{}", all_output(&refused));
    assert!(output(folder.path(), &["list"]).status.success());
}

/// A plan that takes long enough to interrupt it.
fn write_long_scenario(folder: &Path) {
    let mut text = "name: long\nquestion: Is it so?\nload: { messages: 0 }\nmatrix:\n".to_owned();
    text += "  server.backlog: { from: 1, to: 100000, steps: 100000 }\nexpect:\n";
    for number in 0..10 {
        text += &format!("  - that: server.backlog + {number} > 0\n");
    }
    let scenarios = folder.join("scenarios");
    fs::create_dir(&scenarios).unwrap();
    fs::write(scenarios.join("long.yaml"), text).unwrap();
}

/// CPU time of a process so far, clock ticks of user mode; `None` if it has ended.
fn ticks(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<_> = stat.rsplit_once(") ")?.1.split(' ').collect();
    if fields[0] == "Z" { None } else { fields[11].parse().ok() }
}

/// Stops a process while it plans; `false` if it ended before that.
fn is_stopped_in_planning(child: &Child) -> bool {
    let pid = Pid::from_raw(child.id().cast_signed());
    // Nothing before the planning takes so long.
    while ticks(child.id()).expect("its end was not awaited yet") < 20 {
        std::thread::yield_now();
    }
    kill(pid, Signal::SIGSTOP).unwrap();
    let change = WaitPidFlag::WSTOPPED | WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    matches!(waitid(Id::Pid(pid), change), Ok(WaitStatus::Stopped(..)))
}

#[test]
fn planning_and_checking_are_interrupted_at_once() {
    let folder = tempfile::tempdir().unwrap();
    write_long_scenario(folder.path());
    for command in ["check", "show", "predict", "run"] {
        let start = || {
            Command::new(binary())
                .args([command, "long", "--allow-large"])
                .current_dir(folder.path())
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        };
        let mut child = start();
        let mut ended = 0;
        while !is_stopped_in_planning(&child) {
            // It ended while this test had no CPU.
            child.wait().unwrap();
            ended += 1;
            assert!(ended < 100, "{command} never plans long enough to be stopped");
            child = start();
        }
        for signal in [Signal::SIGINT, Signal::SIGCONT] {
            kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        }
        let status = child.wait().unwrap();
        let at_once = status.signal() == Some(Signal::SIGINT as i32) || status.code() == Some(130);
        assert!(at_once, "{command}: {status}");
        let output = child.wait_with_output().unwrap();
        let printed = [output.stdout, output.stderr].concat();
        assert_eq!(text(&printed), "", "{command} went on");
    }
    assert!(repository().exists() && !folder.path().join("reports").exists());
}
