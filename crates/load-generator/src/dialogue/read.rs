//! How far an answer has been read.

/// How far an answer has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Read {
    /// It is not complete.
    More,
    /// It is, and so many of the bytes follow it.
    Complete { rest: usize },
}
