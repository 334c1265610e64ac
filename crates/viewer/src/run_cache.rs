//! What is made from runs. It takes reading all trials of a run, so each is kept until the
//! files of the run change.

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use run_record::{RunRecord, TrialRecord};

use crate::run_folder::RunFolder;

/// When `run.json` and `trials.jsonl` were modified, and their lengths; `None` for a file that
/// does not exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamps([Option<(SystemTime, u64)>; 2]);

impl Stamps {
    fn of(folder: &RunFolder) -> Self {
        Self(["run.json", "trials.jsonl"].map(|name| {
            let found = fs::metadata(folder.path.join(name)).ok()?;
            Some((found.modified().ok()?, found.len()))
        }))
    }
}

/// By run directory: its stamps, and what was made from its contents.
type Entries<T> = HashMap<PathBuf, (Stamps, Arc<T>)>;

/// What was made from runs that have been read.
#[derive(Debug)]
pub(crate) struct RunCache<T> {
    entries: Mutex<Entries<T>>,
    /// The runs from which something is kept.
    capacity: usize,
}

impl<T> RunCache<T> {
    /// Keeps what was made from `capacity` runs.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: Mutex::default(), capacity }
    }

    /// What `make` makes from a run with these stamps; or why the run cannot be read.
    pub(crate) fn get(
        &self,
        folder: &RunFolder,
        make: impl FnOnce(Stamps, RunRecord, Vec<TrialRecord>) -> T,
    ) -> Result<Arc<T>, String> {
        folder.check()?;
        // Before the files are read: a later change is then noticed the next time.
        let stamps = Stamps::of(folder);
        if let Some((known, made)) = self.entries().get(&folder.path)
            && *known == stamps
        {
            return Ok(Arc::clone(made));
        }
        let (record, trials) = folder.read()?;
        Ok(self.put(folder, stamps, make(stamps, record, trials)))
    }

    /// Keeps what was made from a run with these stamps.
    pub(crate) fn put(&self, folder: &RunFolder, stamps: Stamps, made: T) -> Arc<T> {
        let made = Arc::new(made);
        let mut entries = self.entries();
        if entries.len() >= self.capacity {
            entries.clear();
        }
        entries.insert(folder.path.clone(), (stamps, Arc::clone(&made)));
        made
    }

    fn entries(&self) -> MutexGuard<'_, Entries<T>> {
        self.entries.lock().expect("no panic while it is held")
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::path::Path;

    use super::*;

    #[test]
    fn a_run_is_read_again_only_when_its_files_have_changed() {
        let root = tempfile::tempdir().unwrap();
        let sweep = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        for name in ["run.json", "trials.jsonl"] {
            fs::copy(sweep.join(name), root.path().join(name)).unwrap();
        }
        let path = root.path().to_owned();
        let folder = RunFolder { scenario: "sweep".to_owned(), time: "1".to_owned(), path };
        let cache = RunCache::new(10);
        let reads = Cell::new(0);
        let trials = || {
            let make = |_, _, trials: Vec<_>| {
                reads.set(reads.get() + 1);
                trials.len()
            };
            *cache.get(&folder, make).unwrap()
        };
        let before = trials();
        for _ in 0..10 {
            assert_eq!(trials(), before);
        }
        assert_eq!(reads.get(), 1);
        let lines = fs::read_to_string(root.path().join("trials.jsonl")).unwrap();
        let fewer: Vec<_> = lines.lines().skip(1).collect();
        fs::write(root.path().join("trials.jsonl"), fewer.join("\n") + "\n").unwrap();
        assert_eq!(trials(), before - 1);
        assert_eq!(reads.get(), 2);
    }
}
