//! A table of a class.

use std::collections::HashSet;

use indexmap::IndexMap;
use lesson::{Lesson, Question};

use crate::record::{Attempt, CourseRecord, GivenAnswer, RecordedFinding};

/// The columns.
const HEAD: [&str; 13] = [
    "file",
    "student",
    "lesson",
    "question",
    "attempts",
    "answered",
    "answer",
    "law",
    "measured",
    "right",
    "before_the_run",
    "kernel",
    "remark",
];

/// A student's record and the file that it is from.
#[derive(Debug)]
pub struct GradedRecord {
    /// The file.
    pub file: String,
    /// The student's name, if the record has none.
    pub stem: String,
    /// What was answered.
    pub record: CourseRecord,
}

/// A CSV table with a row for each question of each file: of all lessons that one of the files
/// has. It shows the first answer to each question. Whether it is right is judged here; that it
/// was given, and what was measured, is what the file says.
pub fn grade(records: &[GradedRecord], lessons: &[Lesson]) -> String {
    let begun: HashSet<&str> =
        records.iter().flat_map(|one| one.record.lessons.keys().map(String::as_str)).collect();
    let mut rows = csv::Writer::from_writer(Vec::new());
    let mut write = |row: [String; 13]| {
        rows.write_record(row.iter().map(|cell| visible::csv_cell(cell).into_owned()))
            .expect("writing to memory does not fail");
    };
    write(HEAD.map(str::to_owned));
    for one in records {
        for lesson in lessons.iter().filter(|lesson| begun.contains(lesson.name.as_str())) {
            let given = Given::new(one.record.attempts(&lesson.name));
            let remark = if given.are_of(lesson) { "" } else { "another text of the lesson" };
            for question in lesson.all_questions() {
                write(row(one, &lesson.name, &question.id, &given, Some(question), remark));
            }
        }
        let is_unknown = |name: &str| !lessons.iter().any(|lesson| lesson.name == name);
        for (name, attempts) in one.record.lessons.iter().filter(|(name, _)| is_unknown(name)) {
            let given = Given::new(attempts);
            for id in given.answers.keys() {
                write(row(one, name, id, &given, None, "a lesson that is not known here"));
            }
        }
    }
    let bytes = rows.into_inner().expect("writing to memory does not fail");
    String::from_utf8(bytes).expect("the cells are text")
}

/// What a student has answered in all attempts at a lesson. They may be thousands, in a file that is
/// not the student's work.
struct Given<'a> {
    attempts: &'a [Attempt],
    /// By the name of the question, in the order of the attempts.
    answers: IndexMap<&'a str, Vec<&'a GivenAnswer>>,
}

impl<'a> Given<'a> {
    fn new(attempts: &'a [Attempt]) -> Self {
        let mut answers: IndexMap<&str, Vec<_>> = IndexMap::new();
        for (id, answer) in attempts.iter().flat_map(|attempt| &attempt.answers) {
            answers.entry(id).or_default().push(answer);
        }
        Self { attempts, answers }
    }

    /// Whether each attempt was at this text of the lesson.
    fn are_of(&self, lesson: &Lesson) -> bool {
        self.attempts.iter().all(|one| one.lesson_sha256 == lesson.sha256)
    }
}

fn row(
    one: &GradedRecord,
    lesson: &str,
    id: &str,
    given: &Given<'_>,
    question: Option<&Question>,
    remark: &str,
) -> [String; 13] {
    let answers = given.answers.get(id).map(Vec::as_slice).unwrap_or_default();
    let first: Option<&GivenAnswer> = answers.first().copied();
    // The run of the first attempt may not have come to its end.
    let found: Option<&RecordedFinding> = answers.iter().find_map(|answer| answer.finding.as_ref());
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    let right = || Some(question?.within.is_right(first?.answer, found?.measured));
    let remarks = [
        remark,
        if found.is_some_and(|found| found.is_disturbed) { "disturbed" } else { "" },
        if found.is_some_and(|found| found.has_failed) { "a check of the run failed" } else { "" },
    ];
    let remarks: Vec<_> = remarks.into_iter().filter(|text| !text.is_empty()).collect();
    let cell = |text: Option<String>| text.unwrap_or_default();
    [
        one.file.clone(),
        one.record.student.clone().unwrap_or_else(|| one.stem.clone()),
        lesson.to_owned(),
        id.to_owned(),
        given.attempts.len().to_string(),
        cell(first.map(|first| first.answered.to_string())),
        cell(first.map(|first| first.answer.to_string())),
        cell(found.map(|found| found.law.to_string())),
        cell(found.map(|found| found.measured.to_string())),
        cell(right().map(yes)),
        cell(first.map(|first| yes(first.before_the_run))),
        cell(found.map(|found| found.kernel.clone())),
        remarks.join("; "),
    ]
}
