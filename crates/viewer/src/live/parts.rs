//! The parts of the page of a run in progress.

/// The parts of the page, as HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LiveParts {
    pub(crate) progress: String,
    pub(crate) now: String,
    pub(crate) cells: String,
    /// `None` while the run is in progress.
    pub(crate) end: Option<String>,
    /// No changes will follow.
    pub(crate) is_last: bool,
}
