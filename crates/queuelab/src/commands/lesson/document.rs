//! A walk as JSON.

use command_output::{
    LessonCounter, LessonDocument, LessonQuestion, LessonQuestionKind, WalkedLesson,
};
use course::{AnsweringRun, Attempt, Comparison};
use lesson::Lesson;

/// What a walk answered and found.
pub(super) struct Walked<'a> {
    lesson: &'a Lesson,
    questions: Vec<LessonQuestion>,
}

impl<'a> Walked<'a> {
    pub(super) fn new(lesson: &'a Lesson) -> Self {
        Self { lesson, questions: Vec::new() }
    }

    /// Adds a question with what a run found.
    pub(super) fn add(
        &mut self,
        kind: LessonQuestionKind,
        comparison: &Comparison<'_>,
        attempt: &Attempt,
        run: &AnsweringRun,
    ) {
        let Comparison { question, answer, found } = comparison;
        let counter = |(counter, change): &(lesson::CounterName, f64)| LessonCounter {
            host: counter.host.clone(),
            name: counter.name.clone(),
            change: *change,
        };
        self.questions.push(LessonQuestion {
            id: question.id.clone(),
            kind,
            unit: question.unit.clone(),
            answer: *answer,
            believed: question.believed,
            law: found.predicted,
            measured: found.measured.median,
            is_right: comparison.is_right(),
            before_the_run: attempt
                .answers
                .get(&question.id)
                .is_some_and(|answer| answer.before_the_run),
            is_disturbed: found.is_disturbed,
            counters: comparison.counters().iter().map(counter).collect(),
            problem: run.problem(),
            run: run.path().display().to_string(),
        });
    }

    /// The document.
    pub(super) fn document(self, record: &str) -> LessonDocument {
        LessonDocument::Lesson(WalkedLesson {
            name: self.lesson.name.clone(),
            title: self.lesson.title.clone(),
            questions: self.questions,
            record: record.to_owned(),
        })
    }
}
