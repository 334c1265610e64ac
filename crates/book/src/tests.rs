//! The committed book, without mdBook: every lesson has its figures, and every file its place.

mod browser;

use std::fs;
use std::path::{Path, PathBuf};

use mdbook_preprocessor::book::{Book, Chapter};

use crate::links::Repository;
use crate::page::{lesson_page, page_with_figures};
use crate::preprocess::{numbered, preprocess};
use crate::record::{FOLDER, Records};

fn repository() -> Repository {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize();
    let address = "https://example.org/lab".to_owned();
    Repository { path: path.expect("the repository"), address }
}

fn docs() -> PathBuf {
    repository().path.join("docs")
}

/// The Markdown files in `docs/` that `SUMMARY.md` lists.
fn listed() -> Vec<PathBuf> {
    let summary = fs::read_to_string(docs().join("SUMMARY.md")).expect("a summary");
    let target = |line: &str| Some(line.split_once("](")?.1.split_once(')')?.0.into());
    summary.lines().filter_map(target).collect()
}

fn book(chapters: &[(&str, &str)]) -> Book {
    let chapter = |(path, content): &(&str, &str)| {
        Chapter::new(path, (*content).to_owned(), *path, Vec::new()).into()
    };
    Book::new_with_items(chapters.iter().map(chapter).collect())
}

#[test]
fn every_committed_lesson_has_its_figures() {
    let repository = repository();
    let records = Records::of(&repository.path);
    let lessons = numbered(&docs(), "lessons").expect("lessons");
    assert!(!lessons.is_empty());
    for (number, path) in lessons {
        let lesson = lesson::find(&docs().join(&path).to_string_lossy());
        let lesson = lesson.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let page = lesson_page(number, &lesson, &records, &repository)
            .unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        assert!(!page.contains("{{"), "{}", path.display());
        assert!(page.contains(&format!("{FOLDER}/{}", lesson.name)), "{}", path.display());
        repository
            .rewrite(&page, &path, &|_| true)
            .unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        let record = records.get(&lesson.name).expect("its run");
        let run = lesson::Lesson::command(&lesson.run);
        let scenario = run.split(' ').nth(2).expect("a scenario");
        assert_eq!(record.run.recorded().record().scenario.name, scenario, "{}", path.display());
    }
}

#[test]
fn every_page_has_its_place_and_its_links_lead_somewhere() {
    let listed = listed();
    let repository = repository();
    let records = Records::of(&repository.path);
    for path in &listed {
        let text = fs::read_to_string(docs().join(path));
        let mut text = text.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        if path.starts_with("lessons") {
            text = page_with_figures(&text, &records, &repository)
                .unwrap_or_else(|why| panic!("{}: {why}", path.display()));
        }
        repository
            .rewrite(&text, path, &|_| true)
            .unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    }
    let names = fs::read_dir(docs()).expect("docs").flatten().map(|entry| entry.file_name());
    for name in names.filter(|name| name.to_string_lossy().ends_with(".md")) {
        let path = PathBuf::from(&name);
        assert!(name == "SUMMARY.md" || listed.contains(&path), "SUMMARY.md has no {name:?}");
    }
}

#[test]
fn lessons_and_decisions_are_added() {
    let chapters = [("course.md", "a"), ("two-queues.md", "b"), ("decisions/README.md", "c")];
    let book = preprocess(book(&chapters), &repository()).expect("a book");
    let paths: Vec<_> = book
        .chapters()
        .filter_map(|chapter| Some(chapter.path.as_ref()?.display().to_string()))
        .collect();
    assert_eq!(paths[..3], ["course.md", "two-queues.md", "lessons/01-accept-queue.md"]);
    let decisions = paths.iter().position(|path| path == "decisions/README.md").expect("decisions");
    assert!(paths[..decisions].iter().skip(2).all(|path| path.starts_with("lessons/")));
    assert!(paths[decisions + 1].starts_with("decisions/0001-"), "{paths:?}");
    let first = book.chapters().nth(2).expect("a lesson");
    assert!(first.name.starts_with("1. "), "{}", first.name);
    assert!(first.content.starts_with("# "), "the front matter is removed");
}

#[test]
fn a_page_without_its_figure_is_an_error_that_names_both() {
    let failed = |text: &str| {
        let book = book(&[("lessons/x.md", text)]);
        preprocess(book, &repository()).expect_err("it has no figure").to_string()
    };
    let error = failed("{{value queue.depth @ accept-queue: server.backlog=7}}");
    assert!(error.contains("lessons/x.md") && error.contains("{{value queue.depth}}"), "{error}");
    assert!(error.contains("server.backlog is not 7"), "{error}");
    assert!(failed("{{value queue.depth @ no-such-run: a=1}}").contains("no-such-run"));
    assert!(failed("{{measured x}}").contains("{{measured x}}: this page is no lesson"));
    assert!(failed("{{nothing}}").contains("{{nothing}}"));
    assert!(failed("[a](../none.md)").contains("lessons/x.md: a link leads to docs/none.md"));
}

fn first_lesson() -> String {
    fs::read_to_string(docs().join("lessons/01-accept-queue.md")).expect("a lesson")
}

/// The page of a changed first lesson.
fn page_of(text: &str) -> Result<String, String> {
    let lesson = lesson::Lesson::parse("accept-queue", "x.md", text).expect("a lesson");
    let repository = repository();
    lesson_page(1, &lesson, &Records::of(&repository.path), &repository)
}

#[test]
fn a_lesson_with_a_chart_or_an_exercise_that_there_is_not_is_an_error() {
    let text = first_lesson();
    let page = page_of(&text).expect("a page");
    let expected = [
        "data-right=\"6\" data-allowed=\"0\" data-says=\"the kernel gave 6 connections\"",
        "| most people believe | the kernel's rule | measured |\n| --: | --: | --: |\n| 5 | 6 | **6** |",
        "id=\"exercise-backlog-20\"",
        // Its run is not committed.
        "the rule gives 21 connections",
        "\n21 connections: one more than the backlog.",
        "<svg class=\"chart\"",
        "\nqueuelab run accept-queue-capacity --only somaxconn=4096 --only backlog=0 \\\n    --only backlog=5\n",
    ];
    for expected in expected {
        assert!(page.contains(expected), "{expected}\n{page}");
    }
    let rule = "rule: \"6\"\n    within: 50 %\n    believed: 5";
    let text_with_rule = text.replacen("law: accept-queue-capacity\n    believed: 5", rule, 1);
    let page = page_of(&text_with_rule).expect("a page");
    assert!(page.contains("data-allowed=\"3\"") && page.contains("(± 50 % is right)"), "{page}");
    assert!(page.contains("| 5 | 6 | **6** |\n\nThe kernel's counters: "), "no formula: {page}");
    let fails = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        page_of(&text.replacen(from, to, 1)).expect_err("it has no figure")
    };
    let error = fails("{{chart queue-00001}}", "{{chart queue-99999}}");
    assert!(
        error.contains("{{chart queue-99999}}: reports/lessons/accept-queue has no"),
        "{error}"
    );
    let error = fails("law: accept-queue-capacity", "law: syn-queue-capacity");
    assert!(error.contains("`backlog-5`: the law syn-queue-capacity was not applied"), "{error}");
    let error = fails("rule: \"20 + 1\"", "law: accept-queue-capacity");
    assert!(error.contains("{{exercises}}: question `backlog-20`"), "{error}");
}
