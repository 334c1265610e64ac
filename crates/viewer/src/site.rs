//! What the pages are made from.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::comparison::ComparisonText;
use crate::run_cache::RunCache;
use crate::run_folder::RunFolder;
use crate::run_page::RunText;
use crate::summary::Summary;
use crate::watchers::WatchedRuns;
use crate::watches::WatchText;
use crate::workers::Workers;

/// The summaries that are kept; each takes a few kilobytes.
const MAX_SUMMARIES: usize = 2000;
/// The texts of runs that are kept; each takes some ten kilobytes.
const MAX_TEXTS: usize = 100;
/// The comparisons that are kept; each takes a few hundred kilobytes.
const MAX_COMPARISONS: usize = 20;
/// The pages of recorded watches that are kept; each takes some hundred kilobytes.
const MAX_WATCHES: usize = 20;
/// The files that are looked up at the same time.
const MAX_LOOKUPS: usize = 16;

/// The runs below a directory, and what is known of them.
pub(crate) struct Site {
    /// Read again for each request, so that a run appears while it runs.
    pub(crate) runs: PathBuf,
    pub(crate) summaries: RunCache<Summary>,
    pub(crate) texts: RunCache<RunText>,
    pub(crate) comparisons: RunCache<ComparisonText, 2>,
    /// With the bytes that each was made from.
    pub(crate) watches: RunCache<(WatchText, u64)>,
    pub(crate) watched: WatchedRuns,
    /// Makes pages one after the other, since a page may need all trials of a run, or of two:
    /// memory is then needed for one page, and the next can use what was read for it.
    pub(crate) pages: Workers,
    /// Finds runs and files.
    pub(crate) lookups: Workers,
    pub(crate) events_lifetime: Duration,
}

impl Site {
    pub(crate) fn new(runs: &Path, events_lifetime: Duration) -> Self {
        Self {
            runs: runs.to_owned(),
            summaries: RunCache::new(MAX_SUMMARIES),
            texts: RunCache::new(MAX_TEXTS),
            comparisons: RunCache::new(MAX_COMPARISONS),
            watches: RunCache::new(MAX_WATCHES),
            watched: WatchedRuns::default(),
            pages: Workers::new(1),
            lookups: Workers::new(MAX_LOOKUPS),
            events_lifetime,
        }
    }

    /// The summary of a run; or why the run cannot be read.
    pub(crate) fn summary(&self, folder: &RunFolder) -> Result<Arc<Summary>, String> {
        self.summaries.get([folder], |_| Ok(Summary::new(&folder.read()?)))
    }
}
