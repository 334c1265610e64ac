//! The file with the slides.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

use course::{AnsweringRun, Deck, RecordFile};
use lesson::Lesson;
use run_record::Folder;

use super::LessonArguments;
use super::runs::{Runner, check, predicted};
use crate::commands::print_message;
use crate::commands::report::print_places;
use crate::error::{CommandError, Result};

/// Writes the slides of a lesson.
pub(super) fn slides(name: &str, arguments: &LessonArguments) -> Result {
    // First: the process must have no thread.
    let runner = Runner::new(None)?;
    let lesson = lesson::find(name)?;
    check(&lesson)?;
    let file = match &arguments.out {
        Some(file) => file.clone(),
        None => PathBuf::from(format!("reports/slides/{}.html", lesson.name)),
    };
    let page = match &arguments.run {
        Some(run) => page(&lesson, &AnsweringRun::read(run)?)?,
        None => match last_run(&lesson, &arguments.record)?.map(|run| page(&lesson, &run)) {
            Some(Ok(page)) => page,
            // Of an earlier text, or without a report's rows.
            Some(Err(_)) | None => {
                print_message("no run of this lesson is recorded: runs its scenario first");
                page(&lesson, &runner.run(&lesson.run)?)?
            }
        },
    };
    write(&file, &page)?;
    print_places(&format!("Slides: {}", file.display()))
}

fn page(lesson: &Lesson, run: &AnsweringRun) -> Result<String> {
    let predicted = predicted(lesson, run)?;
    Ok(course::slides(&Deck { lesson, run, predicted })?)
}

/// The last run of the lesson in a student's record that is still there.
fn last_run(lesson: &Lesson, record: &Path) -> Result<Option<AnsweringRun>> {
    let record = RecordFile::open(record)?.record;
    let attempts = record.attempts(&lesson.name).iter().rev();
    let question = &lesson.questions[0].id;
    let findings = attempts.filter_map(|attempt| attempt.answers.get(question)?.finding.as_ref());
    let mut runs = findings.filter_map(|found| {
        let run = AnsweringRun::read(Path::new(&found.run)).ok()?;
        print_message(&format!("shows the figures of {}", found.run));
        Some(run)
    });
    Ok(runs.next())
}

fn write(file: &Path, page: &str) -> Result<()> {
    let Some(name) = file.file_name().and_then(OsStr::to_str) else {
        return Err(CommandError::Usage(format!(
            "failed to write the slides to {}: it is no name of a file",
            file.display()
        )));
    };
    let folder = Folder::create_all(file.parent().unwrap_or(Path::new("")))?;
    Ok(folder.replace(name, |file| file.write_all(page.as_bytes()))?)
}
