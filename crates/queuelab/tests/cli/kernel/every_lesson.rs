//! Every lesson, with its exercises, on this kernel: what the text says is what a student sees.

use std::path::Path;

use course::AnsweringRun;
use indexmap::IndexMap;
use lesson::{Lesson, Question};
use serde_json::Value;

use crate::support::retried::report_repeated;
use crate::support::{all_output, is_installed, out_directory, queuelab, runs};

/// The most runs of what was disturbed, or of a number that has an allowance: a time, a rate or a
/// share.
const MAX_RUNS: usize = 6;

/// The most walks through a lesson with a disturbed run in which a check failed.
const MAX_WALKS: usize = 8;

/// A test for each lesson, so that they run at the same time.
macro_rules! lessons {
    ($($test:ident: $name:literal,)*) => {
        $(#[test]
        fn $test() {
            assert_keeps_its_word($name);
        })*

        #[test]
        fn no_lesson_is_missing_here() {
            let tested = vec![$($name),*];
            let lessons = lesson::catalogue().unwrap();
            let names: Vec<_> = lessons.iter().map(|lesson| lesson.name.as_str()).collect();
            assert_eq!(tested, names);
        }
    };
}

lessons! {
    accept_queue: "accept-queue",
    somaxconn: "somaxconn",
    overflow: "overflow",
    retry_ladder: "retry-ladder",
    syn_queue: "syn-queue",
    cookies: "cookies",
    phantoms: "phantoms",
    who_closes_first: "who-closes-first",
    ports: "ports",
    reuse_address: "reuse-address",
    deferred_accept: "deferred-accept",
    several_listeners: "several-listeners",
    lock: "lock",
    slow_reader: "slow-reader",
    buffers: "buffers",
    sigpipe: "sigpipe",
    two_charts: "two-charts",
    your_server: "your-server",
    your_machine: "your-machine",
}

/// Walks through a lesson, which fills every placeholder of its text, and asserts that the law
/// predicts what each of its runs measures. A measurement that was disturbed, or has an allowance,
/// is repeated.
fn assert_keeps_its_word(name: &str) {
    if name == "your-server" && !is_installed("nginx") {
        return;
    }
    let lesson = lesson::find(name).unwrap();
    let folder = out_directory();
    let walked = walked(&lesson, folder.path());
    let questions = walked["questions"].as_array().unwrap();
    assert_eq!(questions.len(), lesson.all_questions().count(), "{walked}");
    for found in questions {
        let question = lesson.question(found["id"].as_str().unwrap()).unwrap();
        let [law, measured] = ["law", "measured"].map(|field| found[field].as_f64().unwrap());
        let is_disturbed = found["is_disturbed"].as_bool().unwrap();
        let first = Measured { law, measured, is_disturbed };
        if !first.is_right(question) {
            repeat(&lesson, question, first);
        }
    }
}

/// What a run found for a question.
#[derive(Debug, Clone, Copy)]
struct Measured {
    law: f64,
    measured: f64,
    is_disturbed: bool,
}

impl Measured {
    fn is_right(&self, question: &Question) -> bool {
        question.within.is_right(self.law, self.measured)
    }
}

/// The document of a walk in which no check of a run failed. On a busy machine a client may be
/// late for a deadline of its scenario, which is such a check: then it is repeated.
fn walked(lesson: &Lesson, folder: &Path) -> Value {
    let mut failed = Vec::new();
    for repeated in 0..MAX_WALKS {
        let why = failed.last().map_or(String::new(), |ids| format!("a check failed in {ids}"));
        report_repeated(&lesson.name, repeated, &why);
        let (code, walked, output) = walk(lesson, &folder.join(repeated.to_string()));
        if code == Some(0) {
            return walked;
        }
        assert_eq!(code, Some(3), "{output}");
        let questions = walked["questions"].as_array().into_iter().flatten();
        let has_failed =
            |found: &&Value| found["problem"].as_str().is_some_and(|why| why.contains("FAILED"));
        let of_failed: Vec<_> = questions.filter(has_failed).collect();
        assert!(of_failed.iter().all(|found| found["is_disturbed"] == true), "{output}");
        failed.push(of_failed.iter().map(|one| one["id"].to_string()).collect::<String>());
    }
    panic!("{}: a check failed each time: {failed:?}", lesson.name);
}

/// Walks with some answers: the exit code, the document and all output.
fn walk(lesson: &Lesson, folder: &Path) -> (Option<i32>, Value, String) {
    std::fs::create_dir(folder).unwrap();
    let file = folder.join("answers.yaml");
    let answers: IndexMap<_, _> = lesson.all_questions().map(|one| (&one.id, 0)).collect();
    std::fs::write(&file, serde_json::to_string(&answers).unwrap()).unwrap();
    let (out, record) = (folder.join("runs"), folder.join("record.json"));
    let [file, out, record] = [&file, &out, &record].map(|path| path.to_str().unwrap());
    let flags = ["--json", "--answers", file, "--out", out, "--record", record];
    let command = [&["lesson", lesson.name.as_str()][..], &flags].concat();
    let output = queuelab(&command).output().unwrap();
    let document = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), document, all_output(&output))
}

/// Repeats the run that answers a question until it is right.
fn repeat(lesson: &Lesson, question: &Question, first: Measured) {
    let exercise = lesson.exercises.iter().find(|other| other.question.id == question.id);
    let own = exercise.and_then(|exercise| exercise.run.as_ref());
    let arguments = own.unwrap_or(&lesson.run);
    let mut all = vec![first];
    for repeated in 1..MAX_RUNS {
        let last = all[all.len() - 1];
        let may_differ = last.is_disturbed || !question.within.is_exact();
        assert!(may_differ, "{}, {}: {all:?}", lesson.name, question.id);
        let why = format!("measured {}, not {}", last.measured, last.law);
        report_repeated(&format!("{} {}", lesson.name, question.id), repeated, &why);
        let again = run_once(arguments, question);
        all.push(again);
        if again.is_right(question) {
            return;
        }
    }
    panic!("{}, {}: {all:?}", lesson.name, question.id);
}

fn run_once(arguments: &[String], question: &Question) -> Measured {
    let out = out_directory();
    let start = ["run", "--quiet", "--no-report", "--out", out.path().to_str().unwrap()];
    let command: Vec<_> = start.into_iter().chain(arguments.iter().map(String::as_str)).collect();
    let output = queuelab(&command).output().unwrap();
    let runs = runs(out.path());
    assert_eq!(runs.len(), 1, "{}", all_output(&output));
    let found = AnsweringRun::read(&runs[0]).unwrap().finding(question).unwrap();
    Measured { law: found.law, measured: found.measured, is_disturbed: found.is_disturbed }
}
