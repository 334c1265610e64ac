//! What the pages are made from.

use std::path::{Path, PathBuf};

use crate::summary_cache::SummaryCache;
use crate::watchers::WatchedRuns;

/// The runs below a directory, and what is known of them.
pub(crate) struct Site {
    /// Read again for each request, so that a run appears while it runs.
    pub(crate) runs: PathBuf,
    pub(crate) summaries: SummaryCache,
    pub(crate) watched: WatchedRuns,
}

impl Site {
    pub(crate) fn new(runs: &Path) -> Self {
        Self {
            runs: runs.to_owned(),
            summaries: SummaryCache::default(),
            watched: WatchedRuns::default(),
        }
    }
}
