//! Summaries of runs. A summary takes reading all trials of a run, so each is kept until the
//! files of the run change.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use run_view::Run;

use crate::run_folder::RunFolder;
use crate::summary::Summary;

/// The summaries that are kept; each takes a few kilobytes.
const MAX_SUMMARIES: usize = 2000;

/// When a file was modified, and its length; `None` if it does not exist.
type Stamp = Option<(SystemTime, u64)>;

/// By run directory: the stamps of `run.json` and `trials.jsonl`, and the summary of their
/// contents.
type Entries = HashMap<PathBuf, ([Stamp; 2], Arc<Summary>)>;

/// The summaries of runs that have been read.
#[derive(Debug, Default)]
pub(crate) struct SummaryCache {
    entries: Mutex<Entries>,
}

impl SummaryCache {
    /// The summary of a run; or why the run cannot be read.
    pub(crate) fn get(&self, folder: &RunFolder) -> Result<Arc<Summary>, String> {
        folder.check()?;
        // Before the files are read: a later change is then noticed the next time.
        let stamps = ["run.json", "trials.jsonl"].map(|name| {
            let found = fs::metadata(folder.path.join(name)).ok()?;
            Some((found.modified().ok()?, found.len()))
        });
        if let Some((known, summary)) = self.entries().get(&folder.path)
            && *known == stamps
        {
            return Ok(Arc::clone(summary));
        }
        let (record, trials) = folder.read()?;
        let summary = Arc::new(Summary::new(&Run::new(record, trials)));
        let mut entries = self.entries();
        if entries.len() >= MAX_SUMMARIES {
            entries.clear();
        }
        entries.insert(folder.path.clone(), (stamps, Arc::clone(&summary)));
        Ok(summary)
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().expect("no panic while it is held")
    }
}
