//! The walk through a lesson: from a file of answers, and at a terminal.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::pure::schemas;
use crate::support::retried::report_repeated;
use crate::support::{all_output, binary, in_one_line, queuelab, repository, text};

/// The most walks in which a check failed.
const MAX_WALKS: usize = 8;

/// A lesson with a run of a second.
const LESSON: &str = r#"---
title: How much does a queue hold?
minutes: 1
run: accept-queue-capacity --only somaxconn=4096 --only backlog=1 --set load.clients=4 --set load.connect_deadline=900ms
predict:
  - id: held
    ask: The backlog is 1. How many of 4 clients are connected?
    unit: connections
    cell: { server.backlog: 1 }
    measured: queue.depth
    law: accept-queue-capacity
    believed: 1
    because: "{{measured held}}, one more than {{believed held}}."
    counters: [server TcpExt.ListenOverflows]
exercises:
  - id: refused
    ask: How many of them are refused?
    cell: { server.backlog: 1 }
    measured: outcomes.refused
    rule: "0"
    solution: "{{predicted refused}}: a full queue is silent."
  - id: larger
    ask: The backlog is 2. How many are connected?
    run: accept-queue-capacity --only somaxconn=4096 --set server.backlog=2 --set load.clients=4 --set load.connect_deadline=900ms
    unit: connections
    cell: { server.backlog: 2 }
    measured: queue.depth
    law: accept-queue-capacity
    solution: "{{predicted larger}}."
---
## The question

Who waits?

## What most people believe

As many as the backlog.

## Predict

{{predict}}

## Run it

{{run}}

## What you see

{{table}}

{{answer}} Dropped: {{counter held server TcpExt.ListenDrops}}.

{{chart outcomes}}

## The rule

    capacity = B + 1

## What to change

- Nothing.

## Exercises

{{exercises}}
"#;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("01-scratch.md"), LESSON).unwrap();
    folder
}

fn lesson(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = queuelab(&["lesson", "./01-scratch.md"]);
    command.args(arguments).current_dir(folder).output().unwrap()
}

/// What a walk with these answers prints; all output if a check of a run failed.
fn walked(folder: &Path, answers: &str, arguments: &[&str]) -> Result<String, String> {
    fs::write(folder.join("a.yaml"), answers).unwrap();
    let output = lesson(folder, &[&["--answers", "a.yaml"][..], arguments].concat());
    let all = all_output(&output);
    match output.status.code() {
        Some(0) => Ok(text(&output.stdout)),
        Some(3) => Err(all),
        code => panic!("{code:?}: {all}"),
    }
}

/// What `walk` returns, with its folder. On a busy machine a client may be late for its deadline,
/// which is a failed check: then all is repeated in a new folder.
fn in_time<T>(walk: impl Fn(&Path) -> Result<T, String>) -> (TempDir, T) {
    let mut failed = Vec::new();
    for repeated in 0..MAX_WALKS {
        report_repeated("a walk", repeated, "a check failed");
        let folder = folder();
        match walk(folder.path()) {
            Ok(walked) => return (folder, walked),
            Err(output) => {
                assert!(output.contains("FAILED"), "{output}");
                failed.push(output);
            }
        }
    }
    panic!("a check failed each time: {failed:?}");
}

fn record(folder: &Path) -> Value {
    let text = fs::read_to_string(folder.join("reports/lessons.json")).unwrap();
    let record = serde_json::from_str(&text).unwrap();
    schemas::assert_valid(&schemas::committed("lesson-record"), &record, "the record");
    record
}

#[test]
fn answers_of_a_file_are_compared_with_the_law_and_the_kernel() {
    let answers = "held: 1\nrefused: 0\nlarger: '3 connections'\n";
    let again = "scratch: {held: 2, refused: 0, larger: 3}\n";
    let (folder, (shown, first, done, document)) = in_time(|path| {
        let shown = walked(path, answers, &["--name", "Anna"])?;
        let first = record(path);
        let done = lesson(path, &["--answers", "a.yaml"]);
        Ok((shown, first, done, walked(path, again, &["--again", "--json"])?))
    });
    let path = folder.path();
    assert!(shown.contains("│ held     │ wrong   │   1 │       2 │        2 │"), "{shown}");
    assert!(shown.contains("│ larger   │ right   │   3 │       3 │        3 │"), "{shown}");
    let line = in_one_line(&shown);
    for part in [
        "You said 1 connection; measured: 2 connections. It is what most people expect.",
        "- server TcpExt.ListenOverflows: +2",
        "2 connections, one more than 1 connection.",
        "0: a full queue is silent.",
        "charts/outcomes.svg",
        "The lesson is done, 2 of 3 right.",
    ] {
        assert!(line.contains(part), "{part}: {shown}");
    }
    assert!(!shown.contains("{{"), "{shown}");
    assert_eq!(first["student"], "Anna");
    let answers = &first["lessons"]["scratch"][0]["answers"];
    assert_eq!(answers["held"]["before_the_run"], true, "{answers}");
    // The run of the lesson has answered it.
    assert_eq!(answers["refused"]["before_the_run"], false, "{answers}");
    assert_eq!(answers["larger"]["before_the_run"], true, "{answers}");
    let run = path.join(answers["held"]["finding"]["run"].as_str().unwrap());
    assert!(run.join("report.html").is_file(), "{run:?}");

    // It is done; `--again` keeps what was answered, and the first answer counts.
    assert!(text(&done.stdout).contains("--again"), "{}", all_output(&done));
    let document: Value = serde_json::from_str(&document).unwrap();
    schemas::assert_valid(&schemas::committed("lesson"), &document, "the document");
    assert_eq!(document["questions"][0]["is_right"], true, "{document}");
    assert_eq!(document["questions"][0]["before_the_run"], false, "{document}");
    let mut grades = queuelab(&["lesson", "--grade", "reports/lessons.json"]);
    let grades = grades.current_dir(path).output().unwrap();
    let rows = text(&grades.stdout);
    // The lesson is a file that `--grade` does not know.
    assert!(rows.contains("Anna,scratch,held,2,"), "{rows}");
    assert!(rows.contains(",1,2,2,,yes,"), "{rows}");
}

#[test]
fn an_exercise_can_be_done_alone() {
    let (folder, shown) = in_time(|path| walked(path, "larger: 3\n", &["--exercise", "larger"]));
    let path = folder.path();
    assert!(shown.contains("│ larger   │ right   │   3 │       3 │        3 │"), "{shown}");
    assert!(shown.contains("Of the lesson, 1 of 3 answered."), "{shown}");
    let answers = &record(path)["lessons"]["scratch"][0]["answers"];
    assert_eq!(answers.as_object().unwrap().len(), 1, "{answers}");
    let unknown = lesson(path, &["--answers", "a.yaml", "--exercise", "held"]);
    assert_eq!(unknown.status.code(), Some(2), "{}", all_output(&unknown));
    assert!(in_one_line(&text(&unknown.stderr)).contains("refused and larger"));
}

#[test]
fn what_cannot_be_walked_is_refused_before_anything_runs() {
    let folder = folder();
    let path = folder.path();
    for (answers, message) in [
        ("held: 1\n", "there is no answer to refused, larger"),
        ("held: 1\nrefused: 0\nlarger: 3\nhed: 2\n", "did you mean `held`?"),
        ("held: many\nrefused: 0\nlarger: 3\n", "type a number of connections"),
        ("other: {held: 1}\n", "no answers to the lesson scratch"),
        ("- 1\n", "a number for each question"),
    ] {
        fs::write(path.join("a.yaml"), answers).unwrap();
        let output = lesson(path, &["--answers", "a.yaml"]);
        assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
        let shown = in_one_line(&text(&output.stderr));
        assert!(shown.contains(message), "{message}: {shown}");
    }
    let output = lesson(path, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("--answers"), "{}", all_output(&output));
    fs::create_dir(path.join("reports")).unwrap();
    fs::write(path.join("reports/lessons.json"), "{ damaged").unwrap();
    fs::write(path.join("a.yaml"), "held: 1\nrefused: 0\nlarger: 3\n").unwrap();
    let output = lesson(path, &["--answers", "a.yaml"]);
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert_eq!(fs::read_to_string(path.join("reports/lessons.json")).unwrap(), "{ damaged");
    assert!(!path.join("reports/runs").exists());
}

#[test]
fn a_walk_at_a_terminal_goes_on_where_it_was_left() {
    let script = repository().join("crates/queuelab/tests/cli/python/lesson_in_terminal.py");
    let (folder, ()) = in_time(|path| {
        let mut python = Command::new("python3");
        let output = python.arg("-B").arg(&script).arg(binary()).current_dir(path).output();
        let output = output.unwrap();
        if output.status.success() { Ok(()) } else { Err(all_output(&output)) }
    });
    let record = record(folder.path());
    let attempts = record["lessons"]["scratch"].as_array().unwrap();
    assert_eq!(attempts.len(), 1, "{record}");
    assert_eq!(attempts[0]["is_read"], true, "{record}");
    assert_eq!(attempts[0]["answers"]["held"]["answer"], 2.0, "{record}");
}
