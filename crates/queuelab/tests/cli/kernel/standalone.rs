//! Standalone server and load: their tables, and the stored run.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{
    Background, all_output, out_directory, queuelab, runs, start_server, table_value, terminate,
    text,
};
use linux_net::{NetworkNamespace, SocketDiag};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use run_record::{Outcome, RunDirectory, RunRecord, TrialRecord};

/// `queuelab load ADDRESS --out OUT FLAGS`.
fn load(address: &str, out: &Path, flags: &[&str]) -> std::process::Command {
    let mut command = queuelab(&["load", address, "--out", out.to_str().unwrap()]);
    command.args(flags);
    command
}

fn only_run(out: &Path) -> (RunRecord, TrialRecord) {
    let runs = runs(out);
    assert_eq!(runs.len(), 1, "{runs:?}");
    assert_eq!(runs[0].parent(), Some(out.join("load").as_path()), "DIR/load/<UTC time>");
    let (record, mut trials) = RunDirectory::read(&runs[0]).unwrap();
    assert_eq!(trials.len(), 1);
    (record, trials.remove(0))
}

#[test]
fn a_standalone_load_stores_a_run_that_report_reads() {
    let (_server, address) = start_server(&[]);
    let out = out_directory();
    let address = address.to_string();
    // All clients are accepted before the first writes, also by a server that stalls.
    let flags = ["--clients=20", "--messages=2", "--chat=after_connect", "--linger=6s"];
    let output = load(&address, out.path(), &flags).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let (record, trial) = only_run(out.path());
    let run = runs(out.path()).remove(0);

    let table = text(&output.stdout);
    assert!(table.starts_with(&format!("What happens to 20 clients that connect to {address}")));
    assert_eq!(table_value(&table, "ok"), 20, "{table}");
    assert!(table.contains("40 messages written; 760 deliveries"), "{table}");
    assert!(table.contains("20 of 20 connected, 20 finished, 0 failed."), "{table}");
    assert!(table.contains("Accepted by the server: 20."), "{table}");
    let report = run.join("report.html");
    let places = format!("Run directory: {}\nReport: {}\n", run.display(), report.display());
    assert!(table.ends_with(&places) && report.is_file(), "{table}");

    assert_eq!((record.backend.name.as_str(), record.planned_trials), ("standalone", 1));
    assert_eq!(record.backend.details, format!("queuelab load against {address}"));
    assert!(record.ended.is_some() && record.sysctls.server.is_empty());
    assert!(record.sysctls.client.contains_key("net.core.somaxconn"), "{:?}", record.sysctls);
    assert_eq!((trial.attempts, trial.outcomes.get(Outcome::Ok)), (20, 20));
    assert_eq!((trial.accepted, &trial.server, trial.laws.len()), (None, &None, 0));
    assert!(trial.evidence.server.is_empty() && !trial.evidence.client.is_empty());
    let attempts = std::fs::read_to_string(run.join("attempts/00000.csv")).unwrap();
    assert_eq!(attempts.lines().count(), 1 + 20, "a row for each attempt: {attempts}");

    let report = queuelab(&["report", run.to_str().unwrap()]).output().unwrap();
    let summary = text(&report.stdout);
    assert!(summary.contains("20 attempts in 1 trial: 20 ok."), "{summary}");
    assert!(!summary.contains("ListenOverflows"), "unread counters are absent, not 0: {summary}");
}

#[test]
fn an_overflow_is_shown_by_server_and_load() {
    linux_net::testing::in_lab_namespace(|| {
        let host = NetworkNamespace::create().unwrap();
        // The server accepts no connection: the queue holds two of the ten.
        let mut command = queuelab(&["server", "--summary", "--port=8080", "--backlog=1"]);
        command.args(["--address=127.0.0.1", "--accept-paused=true"]);
        host.enter_on_exec(&mut command);
        let mut server = Background::start(command);
        let line = server.lines.next().unwrap().unwrap();
        assert!(line.starts_with("listening on 127.0.0.1:8080, backlog 1, somaxconn "), "{line}");
        assert!(line.contains(": the accept queue holds 2; up to "), "{line}");

        let out = out_directory();
        // One after another, with time for a SYN retransmission each.
        let mut command = load(
            "127.0.0.1:8080",
            out.path(),
            &[
                "--clients=10",
                "--pattern=rate",
                "--connect-rate=200",
                "--connect-deadline=1300ms",
                "--finish-deadline=100ms",
            ],
        );
        host.enter_on_exec(&mut command);
        let output = command.output().unwrap();
        let table = text(&output.stdout);
        assert_eq!(table_value(&table, "timed_out"), 8, "{}", all_output(&output));
        assert_eq!(table_value(&table, "phantom"), 2, "{table}");
        assert!(table.contains("Never accepted: 2, in the listener's accept queue."), "{table}");
        assert!(table.contains("8 attempts waited for a SYN retransmission"), "{table}");
        assert!(table.contains("see the server's TcpExt.ListenOverflows"), "{table}");
        // One each, and further ones until a load that a stall delays closes their sockets.
        let sent_again = table_value(&table, "TcpExt.TCPSynRetrans");
        assert!(sent_again >= 8, "{table}");
        let (_, trial) = only_run(out.path());
        assert_eq!(trial.evidence.client["TcpExt.TCPSynRetrans"], sent_again);

        kill(Pid::from_raw(server.child.id().cast_signed()), Signal::SIGUSR2).unwrap();
        let totals = table_after(&mut server, "The last client has left. Since the start:");
        assert_eq!(
            (table_value(&totals, "connections"), table_value(&totals, "clients")),
            (2, 2),
            "{totals}"
        );
        // 8 SYNs and their retransmissions.
        let dropped = 8 + sent_again;
        assert_eq!(table_value(&totals, "TcpExt.ListenOverflows"), dropped, "{totals}");
        assert_eq!(table_value(&totals, "TcpExt.ListenDrops"), dropped, "{totals}");
        assert_eq!(table_value(&totals, "TcpExt.TCPReqQFullDrop"), 0, "{totals}");
        terminate(&server.child);
        let last = table_after(&mut server, "Stopped. Since the start:");
        assert_eq!(table_value(&last, "TcpExt.ListenOverflows"), dropped, "{last}");
        assert!(server.child.wait().unwrap().success());
    });
}

#[test]
fn a_server_that_holds_acks_prints_how_to_release_them() {
    let mut command = queuelab(&["server", "--summary", "--address=127.0.0.1", "--port=0"]);
    command.args(["--backlog=1", "--listeners=2", "--hold-acks=true", "--accept-paused=true"]);
    let mut server = Background::start(command);
    let line = server.lines.next().unwrap().unwrap();
    assert!(line.contains(": the accept queues of 2 listeners hold 2 each; up to "), "{line}");
    assert!(line.ends_with("; ACKs are held until SIGUSR2"), "{line}");
    let address = line.strip_prefix("listening on ").unwrap().split(',').next().unwrap();
    let mut client = std::net::TcpStream::connect(address).unwrap();
    kill(Pid::from_raw(server.child.id().cast_signed()), Signal::SIGUSR2).unwrap();
    assert_eq!(server.lines.next().unwrap().unwrap(), "held ACKs are released");
    // Its data completes the connection; then the last client leaves.
    std::io::Write::write_all(&mut client, b"\0\0\0\x02hi").unwrap();
    drop(client);
    let totals = table_after(&mut server, "The last client has left. Since the start:");
    assert_eq!(
        (table_value(&totals, "connections"), table_value(&totals, "messages")),
        (1, 1),
        "{totals}"
    );
    terminate(&server.child);
    assert!(server.child.wait().unwrap().success());
}

/// The server's table below a heading.
fn table_after(server: &mut Background, heading: &str) -> String {
    assert_eq!(server.lines.next().unwrap().unwrap(), heading);
    let mut table = String::new();
    while !table.contains('╯') {
        table += &(server.lines.next().expect("a table has an end").unwrap() + "\n");
    }
    table
}

#[test]
fn refused_connections_are_failed_attempts() {
    let out = out_directory();
    let output = load("127.0.0.1:1", out.path(), &["--clients=3"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{}", all_output(&output));
    assert_eq!(table_value(&text(&output.stdout), "refused"), 3, "{}", all_output(&output));
    assert!(!text(&output.stdout).contains("Why timed_out"), "{}", all_output(&output));
}

#[test]
fn an_interrupted_load_stores_nothing() {
    let (_server, address) = start_server(&["--accept-paused=true"]);
    let out = out_directory();
    let flags = ["--clients=5", "--finish-deadline=60s"];
    let mut command = load(&address.to_string(), out.path(), &flags);
    command.stderr(Stdio::piped());
    let load = Background::start(command);
    let mut diag = SocketDiag::open().unwrap();
    let deadline = Instant::now() + Duration::from_secs(240);
    let queued = |diag: &mut SocketDiag| {
        let listeners = diag.listeners().unwrap();
        listeners.iter().find(|listener| listener.local == address).unwrap().queued
    };
    while queued(&mut diag) < 5 {
        assert!(Instant::now() < deadline, "the clients never connected");
        std::thread::sleep(Duration::from_millis(10));
    }
    terminate(&load.child);
    let mut load = load;
    let status = load.child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert!(runs(out.path()).is_empty(), "{:?}", runs(out.path()));
}

#[test]
fn an_unwritable_directory_is_reported_before_the_load() {
    let (mut server, address) = start_server(&[]);
    let out = out_directory();
    let file = out.path().join("file");
    std::fs::write(&file, "").unwrap();
    let output = load(&address.to_string(), &file, &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(5), "{}", all_output(&output));
    assert!(text(&output.stderr).contains(file.to_str().unwrap()), "{}", all_output(&output));
    terminate(&server.child);
    assert_eq!(server.next_event()["accepted"].as_array().unwrap().len(), 0, "no client connected");
}

#[test]
fn a_controlled_load_cannot_store_a_run() {
    let output = queuelab(&["load", "--control", "--out", "x"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
}
