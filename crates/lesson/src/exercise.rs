//! A question with a solution.

use crate::question::Question;

/// A question after the lesson, with its own run and a solution.
#[derive(Debug, Clone)]
pub struct Exercise {
    /// What is asked.
    pub question: Question,
    /// The arguments of `queuelab run` that answer it; `None`: the run of the lesson.
    pub run: Option<Vec<String>>,
    /// How it is solved, as Markdown with placeholders.
    pub solution: String,
}
