//! Errors of lessons.

use std::io;

use run_record::RunDirectoryError;

/// The result of reading or answering a lesson.
pub(crate) type Result<T, E = LessonError> = std::result::Result<T, E>;

/// A lesson could not be found, read or answered. The messages complete "failed to …".
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum LessonError {
    /// No lesson has that name.
    #[error("find a lesson named `{name}`")]
    Unknown {
        /// The unknown name.
        name: String,
        /// The names that exist.
        #[help]
        help: String,
    },
    /// A file could not be read.
    #[error("read {path}")]
    Unreadable {
        /// The file.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// A file is no lesson.
    #[error("read the lesson {place}: {message}")]
    Malformed {
        /// The path, with a line if it is known.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// A run could not be read.
    #[error("read the run of a lesson")]
    Run(#[source] Box<RunDirectoryError>),
    /// The run does not answer a question.
    #[error("answer `{question}`: {message}")]
    Unanswered {
        /// The question, or the placeholder.
        question: String,
        /// Why not.
        message: String,
    },
}

impl From<RunDirectoryError> for LessonError {
    fn from(error: RunDirectoryError) -> Self {
        Self::Run(Box::new(error))
    }
}
