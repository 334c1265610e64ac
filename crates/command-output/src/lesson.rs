//! The output of `queuelab lesson --json`.

use schemars::JsonSchema;
use serde::Serialize;

/// The lessons, or a walk through one.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum LessonDocument {
    /// Without a name.
    Lessons {
        /// The lessons, in their order.
        lessons: Vec<ListedLesson>,
    },
    /// With a name.
    Lesson(WalkedLesson),
}

/// A lesson and how far the student is.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ListedLesson {
    /// Its name.
    pub name: String,
    /// Where its text is.
    pub path: String,
    /// The question that it answers.
    pub title: String,
    /// How long a reader needs, in minutes.
    pub minutes: u32,
    /// How far the student is, in words.
    pub progress: String,
    /// Whether all is answered and shown.
    pub is_done: bool,
}

/// What was answered and found in a lesson.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WalkedLesson {
    /// Its name.
    pub name: String,
    /// The question that it answers.
    pub title: String,
    /// Its questions and exercises, in their order.
    pub questions: Vec<LessonQuestion>,
    /// The file of the student's answers.
    pub record: String,
}

/// A question with its answer and what a run found.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LessonQuestion {
    /// Its name in the lesson.
    pub id: String,
    /// Whether it is asked before the run, or is an exercise.
    pub kind: LessonQuestionKind,
    /// The unit of the numbers; empty if they have none.
    pub unit: String,
    /// The student's number.
    pub answer: f64,
    /// The number that most people expect.
    pub believed: Option<f64>,
    /// The number by the kernel's rules.
    pub law: f64,
    /// The median of the trials.
    pub measured: f64,
    /// Whether the answer is right, by what was measured.
    pub is_right: bool,
    /// Whether no run had answered the question yet.
    pub before_the_run: bool,
    /// Whether other work disturbed each trial.
    pub is_disturbed: bool,
    /// The kernel's counters that explain the number.
    pub counters: Vec<LessonCounter>,
    /// What to know of the run before its figures are used.
    pub problem: Option<String>,
    /// The directory of the run.
    pub run: String,
}

/// When a question is asked.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LessonQuestionKind {
    /// Before the run of the lesson.
    Prediction,
    /// After it.
    Exercise,
}

/// The change of a counter.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LessonCounter {
    /// `server` or `client`.
    pub host: String,
    /// Such as `TcpExt.ListenOverflows`.
    pub name: String,
    /// The median of the trials.
    pub change: f64,
}
