//! Errors of a course.

use std::path::PathBuf;

use lesson::LessonError;
use run_record::RunDirectoryError;

/// The result of a step of a course.
pub(crate) type Result<T, E = CourseError> = std::result::Result<T, E>;

/// A lesson could not go on. The messages complete "failed to …".
#[derive(Debug, thiserror::Error)]
pub enum CourseError {
    /// A lesson, or a question in it.
    #[error(transparent)]
    Lesson(#[from] LessonError),
    /// The record of a student could not be read or written.
    #[error(transparent)]
    Record(#[from] RunDirectoryError),
    /// A file of answers is not usable.
    #[error("read the answers in {}: {message}", path.display())]
    Answers {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// A text has a placeholder that there is not.
    #[error("show the text of the lesson: {0}")]
    Text(String),
}

impl From<String> for CourseError {
    fn from(message: String) -> Self {
        Self::Text(message)
    }
}
