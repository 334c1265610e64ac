//! `queuelab serve` with a live run in progress.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::json;

use crate::support::event_stream::{EventStream, done, numbers};
use crate::support::http::{request, status};
use crate::support::viewer::start_viewer;
use crate::support::{
    Background, all_output, assert_passed, has_passed_in, out_directory, queuelab, runs, text,
    wait_until,
};

/// Connections that are not accepted for some seconds, in queues of 5 and 65: longer than a lab or
/// a viewer stalls.
const PAUSED: &str = "
name: paused
question: How deep is a queue from which no connection is accepted?
server: { accept_paused: true }
load:
  clients: 20
  messages: 0
  chat: after_connect
  connect_deadline: 900ms
  linger: 6s
matrix:
  server.backlog: [4, 64]
";

/// Starts the run, and waits until it reports its first trial.
fn start(out: &Path) -> (Background, PathBuf) {
    let scenario = out.join("paused.yaml");
    fs::write(&scenario, PAUSED).unwrap();
    let (scenario, out) = (scenario.to_str().unwrap(), out.join("runs"));
    let run = Background::start(queuelab(&["run", scenario, "--out", out.to_str().unwrap()]));
    let live = || runs(&out).into_iter().find(|run| run.join("live.json").exists());
    wait_until("the run writes live.json", || live().is_some());
    (run, live().unwrap())
}

fn name(run: &Path) -> String {
    format!("paused/{}", run.file_name().unwrap().to_str().unwrap())
}

#[test]
fn the_live_view_shows_the_cells_and_the_accept_queue() {
    let out = out_directory();
    let (mut lab, run) = start(out.path());
    let (_server, address) = start_viewer(&out.path().join("runs"));
    let list = request(address, "GET", "/");
    assert!(list.contains("● running"), "{list}");
    let mut events = EventStream::open(address, &name(&run));
    let (mut finished, mut queues, mut end) = (Vec::new(), Vec::new(), String::new());
    while let Some((part, html)) = events.event() {
        match part.as_str() {
            "cells" => finished.push(done(&html)),
            "now" => {
                let queue = (numbers(&html, "data-depth"), numbers(&html, "data-limit"));
                if let ([depth], [limit]) = (&queue.0[..], &queue.1[..]) {
                    queues.push((*depth, *limit, html.contains("data-full")));
                }
            }
            "end" => end = html,
            _ => {}
        }
    }
    // min(backlog, somaxconn) + 1 of the 20 connections, or all of them.
    assert!(queues.contains(&(5, 4, true)), "{queues:?}");
    assert!(queues.contains(&(20, 64, false)), "{queues:?}");
    assert!(finished.is_sorted() && finished.last() == Some(&2) && finished[0] < 2, "{finished:?}");
    assert!(end.contains("The run has ended") && end.contains("report.html"), "{end}");
    assert!(has_passed_in(lab.child.wait().unwrap().code(), &out.path().join("runs")));
    assert!(!run.join("live.json").exists(), "it is removed");
    let report = request(address, "GET", &format!("/runs/{}/report.html", name(&run)));
    assert_eq!(status(&report), 200);
}

#[test]
fn a_killed_run_is_shown_as_unfinished_and_can_be_resumed() {
    let out = out_directory();
    let (mut lab, run) = start(out.path());
    lab.child.kill().unwrap();
    lab.child.wait().unwrap();
    assert!(run.join("live.json").exists(), "not removed");
    let (_server, address) = start_viewer(&out.path().join("runs"));
    let list = request(address, "GET", "/");
    assert!(!list.contains("● running") && list.contains("not finished"), "{list}");
    let report = queuelab(&["report", run.to_str().unwrap()]).output().unwrap();
    assert!(
        text(&report.stdout).contains("paused"),
        "it is not part of the record: {}",
        all_output(&report)
    );
    let resumed = queuelab(&["run", "--resume", run.to_str().unwrap()]).output().unwrap();
    assert_passed(&resumed);
    assert!(!run.join("live.json").exists());
    let list = request(address, "GET", "/");
    let has_held = resumed.status.success();
    let verdict = if has_held { "✓ held" } else { "? inconclusive" };
    assert!(list.contains(verdict) && list.contains("2 / 2"), "{list}");
}

#[test]
fn an_interrupted_run_removes_live_json() {
    let out = out_directory();
    let (mut lab, run) = start(out.path());
    crate::support::terminate(&lab.child);
    assert_eq!(lab.child.wait().unwrap().code(), Some(130));
    assert!(!run.join("live.json").exists());
}

#[test]
fn the_command_latest_takes_no_new_sample() {
    let config = r#"{ "port": 1, "interval": "1h" }"#;
    let mut probe = queuelab(&["probe", "--control", "--config", config]);
    probe.stdin(Stdio::piped());
    let mut probe = Background::start(probe);
    let mut commands = probe.child.stdin.take().unwrap();
    assert_eq!(probe.next_event()["event"], "started");
    assert_eq!(probe.next_event()["event"], "sampling");
    for _ in 0..20 {
        writeln!(commands, r#"{{ "command": "latest" }}"#).unwrap();
        let status = probe.next_event();
        assert_eq!((&status["event"], &status["samples"]), (&json!("status"), &json!(1)));
    }
    writeln!(commands, r#"{{ "command": "status" }}"#).unwrap();
    assert_eq!(probe.next_event()["samples"], 2, "`status` takes a sample");
    drop(commands);
    assert_eq!(probe.next_event()["report"]["samples"], 3, "the report takes a sample");
}
