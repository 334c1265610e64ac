//! What a student has answered.

use indexmap::IndexMap;
use jiff::Timestamp;
use lesson::Lesson;
use run_record::wall_time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the file.
pub(crate) const SCHEMA_VERSION: u32 = 1;

/// What a student has answered, in all lessons. The file is the student's own: do not
/// trust what is in another person's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CourseRecord {
    /// The schema version of this file.
    pub schema_version: u32,
    /// The student's name; none if it was not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub student: Option<String>,
    /// The attempts at each lesson, by its name, the first one first.
    pub lessons: IndexMap<String, Vec<Attempt>>,
}

/// An attempt at a lesson; it is ended by starting over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Attempt {
    /// The SHA-256 of the lesson's text, in hexadecimal digits.
    pub lesson_sha256: String,
    /// When it began.
    #[schemars(with = "String")]
    pub began: Timestamp,
    /// The answers, by the name of the question.
    pub answers: IndexMap<String, GivenAnswer>,
    /// Whether the text after the run was shown.
    #[serde(default)]
    pub is_read: bool,
}

/// A student's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GivenAnswer {
    /// The number, in the unit of the question.
    pub answer: f64,
    /// When it was given.
    #[schemars(with = "String")]
    pub answered: Timestamp,
    /// Whether no run had answered the question yet, in this or an earlier attempt.
    pub before_the_run: bool,
    /// What the run found; none until it has run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<RecordedFinding>,
}

/// What a run found for a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordedFinding {
    /// The number by the kernel's rules, in the unit of the question.
    pub law: f64,
    /// The median of the trials, in the unit of the question.
    pub measured: f64,
    /// Whether other work disturbed each trial.
    pub is_disturbed: bool,
    /// Whether a check of the run failed.
    pub has_failed: bool,
    /// The directory of the run.
    pub run: String,
    /// The kernel's release.
    pub kernel: String,
    /// The version of queuelab.
    pub version: String,
}

impl Default for CourseRecord {
    fn default() -> Self {
        Self { schema_version: SCHEMA_VERSION, student: None, lessons: IndexMap::new() }
    }
}

impl CourseRecord {
    /// The attempt that is not ended; `None` if there is none, or if the lesson's text has
    /// changed since.
    pub fn current(&self, lesson: &Lesson) -> Option<&Attempt> {
        let last = self.attempts(&lesson.name).last();
        last.filter(|attempt| attempt.lesson_sha256 == lesson.sha256)
    }

    /// The attempts at a lesson, the first one first.
    pub fn attempts(&self, lesson: &str) -> &[Attempt] {
        self.lessons.get(lesson).map_or(&[], Vec::as_slice)
    }

    /// Begins an attempt. The earlier ones stay.
    pub fn begin(&mut self, lesson: &Lesson) {
        self.lessons.entry(lesson.name.clone()).or_default().push(Attempt {
            lesson_sha256: lesson.sha256.clone(),
            began: wall_time(),
            answers: IndexMap::new(),
            is_read: false,
        });
    }

    /// Adds an answer to the attempt that [`begin`](Self::begin) began.
    pub fn give(&mut self, lesson: &Lesson, question: &str, answer: f64) {
        let known = self.is_known(lesson, question);
        if let Some(attempt) = self.last_mut(lesson) {
            let given = GivenAnswer {
                answer,
                answered: wall_time(),
                before_the_run: !known,
                finding: None,
            };
            attempt.answers.insert(question.to_owned(), given);
        }
    }

    /// Adds what a run found for a question that is answered.
    pub fn find(&mut self, lesson: &Lesson, question: &str, finding: RecordedFinding) {
        let answer = self.last_mut(lesson).and_then(|last| last.answers.get_mut(question));
        if let Some(answer) = answer {
            answer.finding = Some(finding);
        }
    }

    /// Forgets what was found for questions whose run is gone.
    pub fn forget(&mut self, lesson: &Lesson, questions: &[&str]) {
        let answers = self.last_mut(lesson).into_iter().flat_map(|last| &mut last.answers);
        for (id, answer) in answers {
            if questions.contains(&id.as_str()) {
                answer.finding = None;
            }
        }
    }

    /// The text after the run was shown.
    pub fn read(&mut self, lesson: &Lesson) {
        if let Some(attempt) = self.last_mut(lesson) {
            attempt.is_read = true;
        }
    }

    /// Whether a run has answered the question, or another one of the same run.
    fn is_known(&self, lesson: &Lesson, question: &str) -> bool {
        let same_run = same_run(lesson, question);
        let findings = self.attempts(&lesson.name).iter().flat_map(|attempt| &attempt.answers);
        findings
            .filter(|(_, answer)| answer.finding.is_some())
            .any(|(id, _)| same_run.contains(&id.as_str()))
    }

    fn last_mut(&mut self, lesson: &Lesson) -> Option<&mut Attempt> {
        self.lessons.get_mut(&lesson.name)?.last_mut()
    }
}

/// The questions of a lesson that the same run answers.
fn same_run<'a>(lesson: &'a Lesson, question: &'a str) -> Vec<&'a str> {
    let own = |id: &str| {
        lesson.exercises.iter().any(|other| other.question.id == id && other.run.is_some())
    };
    match own(question) {
        true => vec![question],
        false => {
            let all = lesson.all_questions().map(|question| question.id.as_str());
            all.filter(|id| !own(id)).collect()
        }
    }
}
