//! Lists, slides and grades of lessons, from recorded runs and records of strangers.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use super::schemas;
use crate::support::{all_output, in_one_line, out_directory, queuelab, repository, text};

fn grade(files: &[&str]) -> Output {
    queuelab(&[&["lesson", "--grade"], files].concat()).output().unwrap()
}

/// A record with an answer to the first question of the first lesson.
fn record(student: &str, answer: f64, measured: f64) -> Value {
    let finding = json!({
        "law": 6.0, "measured": measured, "is_disturbed": false, "has_failed": false,
        "run": "r", "kernel": "6.18", "version": "0.2.0",
    });
    let answers = json!({"backlog-5": {
        "answer": answer, "answered": "2026-11-30T12:00:00Z", "before_the_run": true,
        "finding": finding,
    }});
    let attempt = json!({
        "lesson_sha256": "of another text", "began": "2026-11-30T12:00:00Z", "answers": answers,
    });
    json!({"schema_version": 1, "student": student, "lessons": {"accept-queue": [attempt]}})
}

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_lessons_are_listed_with_how_far_a_student_is() {
    let folder = out_directory();
    let none = folder.path().join("none.json");
    let list = |arguments: &[&str]| {
        let command = [&["lesson", "--record", none.to_str().unwrap()][..], arguments].concat();
        queuelab(&command).output().unwrap()
    };
    let shown = text(&list(&[]).stdout);
    assert!(shown.contains("queuelab lesson accept-queue"), "{shown}");
    let document: Value = serde_json::from_slice(&list(&["--json"]).stdout).unwrap();
    schemas::assert_valid(&schemas::committed("lesson"), &document, "the list");
    let names: Vec<_> =
        document["lessons"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names.first().unwrap(), &"accept-queue");
    assert!(!none.exists(), "a list writes nothing");
}

#[test]
fn an_unknown_lesson_has_a_suggestion() {
    let output = queuelab(&["lesson", "acept-queue"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
    assert!(text(&output.stderr).contains("did you mean `accept-queue`?"));
}

#[test]
fn a_class_is_graded_by_the_lessons_and_not_by_what_the_files_claim() {
    let folder = out_directory();
    let anna = write(folder.path(), "anna.json", &record("Anna", 6.0, 6.0).to_string());
    let bela = write(folder.path(), "bela.json", &record("Bela", 5.0, 6.0).to_string());
    let output = grade(&[&anna, &bela]);
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let table = text(&output.stdout);
    // Each question of a lesson that one of them has begun.
    assert_eq!(table.lines().count(), 1 + 2 * 4, "{table}");
    let line = |student: &str, question: &str| {
        let part = format!(",{student},accept-queue,{question},");
        table.lines().find(|line| line.contains(&part)).unwrap_or_else(|| panic!("{table}"))
    };
    assert!(line("Anna", "backlog-5").contains(",6,6,6,yes,yes,6.18,another text"), "{table}");
    assert!(line("Bela", "backlog-5").contains(",5,6,6,no,yes,6.18,"), "{table}");
    assert!(line("Anna", "backlog-0").contains(",1,,,,,,,,"), "{table}");
}

#[test]
fn a_file_that_is_no_record_is_named_and_the_others_are_graded() {
    let folder = out_directory();
    let good = write(folder.path(), "good.json", &record("Anna", 6.0, 6.0).to_string());
    let damaged = write(folder.path(), "damaged.json", &record("x", 1.0, 1.0).to_string()[..90]);
    let foreign = repository().join("reports/lessons/accept-queue/run.json");
    let (foreign, folder) = (foreign.to_str().unwrap(), folder.path().to_str().unwrap());
    for bad in [&damaged, foreign, folder, "/dev/zero"] {
        let output = grade(&[bad, &good]);
        assert_eq!(output.status.code(), Some(2), "{}", all_output(&output));
        let message = in_one_line(&text(&output.stderr));
        let name = Path::new(bad).file_name().unwrap().to_str().unwrap();
        assert!(message.contains(name), "{message}");
        assert!(text(&output.stdout).contains(",Anna,accept-queue,backlog-5,1,"), "{bad}");
    }
    let missing = grade(&["/nonexistent/record.json", &good]);
    assert_eq!(missing.status.code(), Some(5), "{}", all_output(&missing));
    assert!(text(&missing.stdout).contains(",Anna,"), "{}", all_output(&missing));
}

#[test]
fn a_hostile_record_gives_no_formula_no_command_and_no_panic() {
    let folder = out_directory();
    let mut hostile = record("=cmd|'/c calc'!A0\n\u{1b}[2J", 1e308, -0.0);
    let attempt = hostile["lessons"]["accept-queue"][0].clone();
    hostile["lessons"]["@SUM(1)\u{202e}"] = json!([attempt]);
    hostile["lessons"]["+1,\"x\n"] = json!([{
        "lesson_sha256": "", "began": "2026-11-30T12:00:00Z",
        "answers": {"-1+1;=2": attempt["answers"]["backlog-5"]},
    }]);
    let file = write(folder.path(), "=1.json", &hostile.to_string());
    let output = grade(&[&file]);
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
    let table = text(&output.stdout);
    assert!(!table.contains(['\u{1b}', '\u{202e}']), "{table:?}");
    for cell in ["'=cmd|", "'@SUM(1)", "'+1,", "'-1+1;'=2"] {
        assert!(table.contains(cell), "{cell}: {table}");
    }
    for line in table.lines().skip(1) {
        assert!(
            !line.split(',').any(|cell| cell.trim_matches('"').starts_with(['=', '@'])),
            "{line}"
        );
    }
}

/// Every committed lesson, with its committed run: each placeholder has its figure.
#[test]
fn the_slides_of_every_lesson_load_nothing() {
    let out = out_directory();
    for lesson in lesson::catalogue().unwrap() {
        let run = format!("reports/lessons/{}", lesson.name);
        let file = out.path().join(format!("{}.html", lesson.name));
        let path = file.to_str().unwrap();
        let flags = ["lesson", &lesson.name, "--slides", "--run", &run, "--out", path];
        let output = queuelab(&flags).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}: {}", lesson.name, all_output(&output));
        let page = fs::read_to_string(&file).unwrap();
        assert!(!page.contains("{{"), "{}", lesson.name);
        for fetch in ["http://", "https://", "src=", "@import", "url(", "<iframe", "fetch("] {
            assert!(!page.contains(fetch), "{}: {fetch}", lesson.name);
        }
        assert!(!page.contains("This run has no chart"), "{}", lesson.name);
        assert!(page.contains("default-src 'none'"), "{}", lesson.name);
        for text in ["Most people expect", "Measured", "What to change", "Exercise (1 of"] {
            assert!(page.contains(text), "{}: {text}", lesson.name);
        }
        assert!(page.len() < 1_000_000, "{}: {} bytes", lesson.name, page.len());
    }
}
