//! What can keep the book from being made. The messages complete "failed to …".

use std::io;
use std::path::Path;

/// The result of making the book.
pub(crate) type Result<T, E = BookError> = std::result::Result<T, E>;

/// Why the book was not made, or is not right.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BookError {
    /// The preprocessor's input is not mdBook's, or its output cannot be written.
    #[error("exchange the book with mdBook: {0}")]
    Exchange(String),
    /// A page cannot be made from its file.
    #[error("make the page of {file}: {message}")]
    Page {
        /// The file, relative to `docs/`.
        file: String,
        /// What is wrong, with the placeholder.
        message: String,
    },
    /// A file or directory cannot be read.
    #[error("read {path}: {source}")]
    Unreadable {
        /// The path.
        path: String,
        /// The cause.
        source: io::Error,
    },
    /// Pages of the finished book have links that lead nowhere.
    #[error("find what these links name:\n{}", .0.join("\n"))]
    Broken(Vec<String>),
}

impl BookError {
    /// A page cannot be made from the file at this path.
    pub(crate) fn page(file: &Path, message: impl ToString) -> Self {
        let file = visible::line(&file.display().to_string()).into_owned();
        Self::Page { file, message: visible::line(&message.to_string()).into_owned() }
    }

    /// The file or directory at this path cannot be read.
    pub(crate) fn unreadable(path: &Path, source: io::Error) -> Self {
        Self::Unreadable { path: path.display().to_string(), source }
    }
}
