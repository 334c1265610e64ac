//! What the pages are made from.

use std::path::{Path, PathBuf};

use crate::summaries::Summaries;
use crate::watch::Watches;

/// The runs below a directory, and what is known of them.
pub(crate) struct Site {
    /// Read again for each request, so that a run appears while it runs.
    pub(crate) runs: PathBuf,
    pub(crate) summaries: Summaries,
    pub(crate) watches: Watches,
}

impl Site {
    pub(crate) fn new(runs: &Path) -> Self {
        Self { runs: runs.to_owned(), summaries: Summaries::default(), watches: Watches::default() }
    }
}
