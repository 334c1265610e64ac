//! What is made from runs. It takes reading all trials of each, so it is kept until their files
//! change.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::SystemTime;

use crate::run_folder::RunFolder;

/// The files that a run or a recorded watch consists of.
const FILES: [&str; 4] = ["run.json", "trials.jsonl", "watch.json", "seconds.jsonl"];

/// The inodes of these files, when they were modified, and their lengths;
/// `None` for a file that does not exist. They are only compared for equality: the times are
/// of a clock that may be set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamps([Option<(u64, SystemTime, u64)>; FILES.len()]);

impl Stamps {
    fn of(run: &RunFolder) -> Self {
        let folder = run.open().ok();
        Self(FILES.map(|name| {
            let found = folder.as_ref()?.read(name).ok()??.metadata().ok()?;
            Some((found.ino(), found.modified().ok()?, found.len()))
        }))
    }
}

/// By runs: their stamps, and what was made from their contents.
type Entries<T, const N: usize> = HashMap<[RunFolder; N], ([Stamps; N], Arc<T>)>;

/// What was made from each `N` runs that have been read together: from one, or from two that
/// are compared.
#[derive(Debug)]
pub(crate) struct RunCache<T, const N: usize = 1> {
    entries: Mutex<Entries<T, N>>,
    /// The entries that are kept.
    capacity: usize,
}

impl<T, const N: usize> RunCache<T, N> {
    /// Keeps what was made for the last `capacity` keys.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { entries: Mutex::default(), capacity }
    }

    /// What `make` makes from runs with these stamps; or why a run cannot be read, which is
    /// not kept.
    pub(crate) fn get<E>(
        &self,
        runs: [&RunFolder; N],
        make: impl FnOnce([Stamps; N]) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        // Before the files are read: a later change is then noticed the next time.
        let stamps = runs.map(Stamps::of);
        let key = runs.map(RunFolder::clone);
        if let Some((known, made)) = self.entries().get(&key)
            && *known == stamps
        {
            return Ok(Arc::clone(made));
        }
        Ok(self.put(key, stamps, make(stamps)?))
    }

    /// Keeps what was made from runs with these stamps.
    pub(crate) fn put(&self, runs: [RunFolder; N], stamps: [Stamps; N], made: T) -> Arc<T> {
        let made = Arc::new(made);
        let mut entries = self.entries();
        if entries.len() >= self.capacity {
            entries.clear();
        }
        entries.insert(runs, (stamps, Arc::clone(&made)));
        made
    }

    fn entries(&self) -> MutexGuard<'_, Entries<T, N>> {
        self.entries.lock().expect("no panic while it is held")
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn a_run_is_read_again_only_when_its_files_have_changed() {
        let root = tempfile::tempdir().unwrap();
        let sweep = Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs/sweep");
        let folder = |time: &str| RunFolder {
            root: root.path().to_owned(),
            scenario: "sweep".to_owned(),
            time: time.to_owned(),
        };
        let runs = [folder("1"), folder("2")];
        for run in &runs {
            fs::create_dir_all(run.path()).unwrap();
            for name in ["run.json", "trials.jsonl"] {
                fs::copy(sweep.join(name), run.path().join(name)).unwrap();
            }
        }
        let (one, both) = (RunCache::new(10), RunCache::new(10));
        let reads = Cell::new(0);
        let count = |run: &RunFolder| {
            reads.set(reads.get() + 1);
            run.read().map(|run| run.trials.len())
        };
        let trials = |run: &RunFolder| *one.get([run], |_| count(run)).unwrap();
        let of_both = |[base, new]: [&RunFolder; 2]| {
            *both.get([base, new], |_| Ok::<_, String>([count(base)?, count(new)?])).unwrap()
        };
        let [first, second] = &runs;
        let before = trials(first);
        for _ in 0..10 {
            assert_eq!(trials(first), before);
            assert_eq!(of_both([first, second]), [before; 2]);
        }
        assert_eq!(reads.get(), 3);
        of_both([second, first]);
        assert_eq!(reads.get(), 5, "the order matters");
        let file = second.path().join("trials.jsonl");
        let lines = fs::read_to_string(&file).unwrap();
        let fewer: Vec<_> = lines.lines().skip(1).collect();
        fs::write(&file, fewer.join("\n") + "\n").unwrap();
        for _ in 0..2 {
            assert_eq!(trials(first), before);
            assert_eq!(trials(second), before - 1);
            assert_eq!(of_both([first, second]), [before, before - 1]);
        }
        assert_eq!(reads.get(), 8);
        // What cannot be read is not kept.
        let secret = root.path().join("elsewhere");
        fs::rename(&file, &secret).unwrap();
        fs::hard_link(&secret, &file).unwrap();
        for _ in 0..2 {
            let error = both.get([first, second], |_| count(second).map(|n| [n, n])).unwrap_err();
            assert!(error.contains("trials.jsonl: it is a hard link"), "{error}");
        }
        assert_eq!(reads.get(), 10);
    }
}
