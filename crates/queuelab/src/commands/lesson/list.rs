//! The lessons, and how far the student is.

use command_output::{LessonDocument, ListedLesson};
use course::{Progress, RecordFile};
use lesson::Lesson;
use report::Table;
use run_view::{Emphasis, Printable};

use super::LessonArguments;
use crate::commands::{print_document, print_text, screen};
use crate::error::Result;

/// Prints the lessons in their order, and which is next.
pub(super) fn list(arguments: &LessonArguments) -> Result {
    let lessons = lesson::catalogue()?;
    let record = RecordFile::open(&arguments.record)?.record;
    let progress: Vec<_> = lessons.iter().map(|lesson| Progress::of(lesson, &record)).collect();
    let next = progress.iter().position(|progress| !progress.is_done());
    if arguments.json {
        let listed = lessons.iter().zip(&progress).map(|(lesson, progress)| ListedLesson {
            name: lesson.name.clone(),
            path: lesson.path.clone(),
            title: lesson.title.clone(),
            minutes: lesson.minutes,
            progress: progress.to_string(),
            is_done: progress.is_done(),
        });
        return print_document(&LessonDocument::Lessons { lessons: listed.collect() });
    }
    print_text(&text(&lessons, &progress, next))
}

fn text(lessons: &[Lesson], progress: &[Progress], next: Option<usize>) -> Printable {
    let screen = screen();
    let row = |(at, (lesson, progress)): (usize, (&Lesson, &Progress))| {
        let state = match (next == Some(at), progress) {
            (true, Progress::NotBegun) => "next".to_owned(),
            (true, progress) => format!("next: {progress}"),
            (false, Progress::NotBegun) => String::new(),
            (false, progress) => progress.to_string(),
        };
        vec![lesson.name.clone(), lesson.title.clone(), state, lesson.minutes.to_string()]
    };
    let table = Table {
        head: ["lesson", "question", "you", "minutes"].map(str::to_owned).to_vec(),
        rows: lessons.iter().zip(progress).enumerate().map(row).collect(),
        words: 3,
        keys: 1,
        emphasis: next.map(|at| ((at, 2), Emphasis::Good)).into_iter().collect(),
        ..Table::default()
    };
    let hint = match next {
        Some(at) => format!("Begin or go on: queuelab lesson {}", lessons[at].name),
        None => "All lessons are done.".to_owned(),
    };
    Printable::joined([table.text(screen), Printable::new(&hint)], "\n\n")
}
