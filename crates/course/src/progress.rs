//! How far a student is in a lesson.

use std::fmt;

use lesson::{Exercise, Lesson, Question};

use crate::record::{Attempt, CourseRecord};

/// What comes next in a lesson.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// To predict a number.
    Predict(&'a Question),
    /// To run the lesson's run.
    Run,
    /// To read what it shows.
    Read,
    /// To answer an exercise.
    Exercise(&'a Exercise),
    /// To run that of an exercise, which is answered.
    RunExercise(&'a Exercise),
    /// Nothing.
    Done,
}

/// What comes next in an attempt.
pub fn next_step<'a>(lesson: &'a Lesson, attempt: &Attempt) -> Step<'a> {
    let is_answered = |question: &Question| attempt.answers.contains_key(&question.id);
    let is_found = |question: &Question| {
        attempt.answers.get(&question.id).is_some_and(|answer| answer.finding.is_some())
    };
    if let Some(question) = lesson.questions.iter().find(|question| !is_answered(question)) {
        return Step::Predict(question);
    }
    if !lesson.questions.iter().all(is_found) {
        return Step::Run;
    }
    if !attempt.is_read {
        return Step::Read;
    }
    let open = lesson.exercises.iter().find(|exercise| !is_found(&exercise.question));
    match open {
        Some(exercise) if is_answered(&exercise.question) => Step::RunExercise(exercise),
        Some(exercise) => Step::Exercise(exercise),
        None => Step::Done,
    }
}

/// How far a student is in a lesson.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing was answered.
    NotBegun,
    /// It was begun, and its text has changed since.
    Changed,
    /// Some is answered.
    Begun {
        /// The answers.
        answered: usize,
        /// The questions and exercises.
        questions: usize,
    },
    /// All is answered and shown; with the number of right answers.
    Done {
        /// The right answers.
        right: usize,
        /// The questions and exercises.
        questions: usize,
    },
}

impl Progress {
    /// In this record.
    pub fn of(lesson: &Lesson, record: &CourseRecord) -> Self {
        let questions = lesson.all_questions().count();
        let Some(attempt) = record.current(lesson) else {
            return match record.attempts(&lesson.name).is_empty() {
                true => Self::NotBegun,
                false => Self::Changed,
            };
        };
        if !matches!(next_step(lesson, attempt), Step::Done) {
            let answered = lesson.all_questions();
            let answered = answered.filter(|one| attempt.answers.contains_key(&one.id)).count();
            return Self::Begun { answered, questions };
        }
        let is_right = |question: &&Question| {
            let answer = attempt.answers.get(&question.id);
            answer.is_some_and(|answer| {
                let found = answer.finding.as_ref();
                found.is_some_and(|found| question.within.is_right(answer.answer, found.measured))
            })
        };
        Self::Done { right: lesson.all_questions().filter(is_right).count(), questions }
    }

    /// Whether nothing is left to do.
    pub fn is_done(self) -> bool {
        matches!(self, Self::Done { .. })
    }
}

impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBegun => f.write_str("not begun"),
            Self::Changed => f.write_str("changed since you began it"),
            Self::Begun { answered, questions } => write!(f, "{answered} of {questions} answered"),
            Self::Done { right, questions } => write!(f, "done, {right} of {questions} right"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordedFinding;

    fn found(measured: f64) -> RecordedFinding {
        RecordedFinding {
            law: measured,
            measured,
            is_disturbed: false,
            has_failed: false,
            run: "run".to_owned(),
            kernel: "6.18".to_owned(),
            version: "1".to_owned(),
        }
    }

    /// What comes next, with the name of its question.
    fn next(lesson: &Lesson, record: &CourseRecord) -> String {
        match next_step(lesson, record.current(lesson).expect("begun")) {
            Step::Predict(question) => format!("predict {}", question.id),
            Step::Run => "run".to_owned(),
            Step::Read => "read".to_owned(),
            Step::Exercise(exercise) => format!("exercise {}", exercise.question.id),
            Step::RunExercise(exercise) => format!("run {}", exercise.question.id),
            Step::Done => "done".to_owned(),
        }
    }

    #[test]
    fn a_lesson_goes_on_at_the_first_step_that_is_not_done() {
        let lesson = lesson::find("accept-queue").expect("built in");
        let mut record = CourseRecord::default();
        assert_eq!(Progress::of(&lesson, &record), Progress::NotBegun);
        record.begin(&lesson);
        for question in &lesson.questions {
            assert_eq!(next(&lesson, &record), format!("predict {}", question.id));
            record.give(&lesson, &question.id, 6.0);
        }
        for question in &lesson.questions {
            assert_eq!(next(&lesson, &record), "run");
            record.find(&lesson, &question.id, found(6.0));
        }
        assert_eq!(next(&lesson, &record), "read");
        record.read(&lesson);
        for exercise in &lesson.exercises {
            let id = &exercise.question.id;
            assert_eq!(next(&lesson, &record), format!("exercise {id}"));
            record.give(&lesson, id, 1.0);
            assert_eq!(next(&lesson, &record), format!("run {id}"));
            record.find(&lesson, id, found(2.0));
        }
        assert_eq!(next(&lesson, &record), "done");
        assert_eq!(Progress::of(&lesson, &record).to_string(), "done, 2 of 4 right");
    }

    #[test]
    fn a_run_that_is_gone_is_run_again() {
        let lesson = lesson::find("accept-queue").expect("built in");
        let mut record = CourseRecord::default();
        record.begin(&lesson);
        let ids: Vec<_> = lesson.questions.iter().map(|one| one.id.as_str()).collect();
        for id in &ids {
            record.give(&lesson, id, 1.0);
            record.find(&lesson, id, found(1.0));
        }
        record.forget(&lesson, &ids);
        assert_eq!(next(&lesson, &record), "run");
    }

    #[test]
    fn another_text_is_another_attempt_and_no_answer_is_lost() {
        let mut lesson = lesson::find("accept-queue").expect("built in");
        let mut record = CourseRecord::default();
        record.begin(&lesson);
        record.give(&lesson, "backlog-5", 6.0);
        record.find(&lesson, "backlog-5", found(6.0));
        lesson.sha256 = "of another text".to_owned();
        assert_eq!(Progress::of(&lesson, &record), Progress::Changed);
        record.begin(&lesson);
        record.give(&lesson, "backlog-5", 6.0);
        let attempts = record.attempts("accept-queue");
        let before: Vec<_> =
            attempts.iter().map(|one| one.answers["backlog-5"].before_the_run).collect();
        assert_eq!(before, [true, false], "the run of the first attempt has answered it");
    }
}
