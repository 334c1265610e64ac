//! The recorded runs of the tests.
#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::path::{Path, PathBuf};

use run_record::{RunDirectory, RunRecord, TrialRecord};

/// The directory of a recorded run.
pub(crate) fn path_of(name: &str) -> PathBuf {
    folder().join(name)
}

/// The directory of every recorded run.
pub(crate) fn all_paths() -> Vec<PathBuf> {
    let paths = folder().read_dir().unwrap().map(|entry| entry.unwrap().path());
    paths.filter(|path| path.join("run.json").is_file()).collect()
}

/// The record and trials of a recorded run.
pub(crate) fn load_run(name: &str) -> (RunRecord, Vec<TrialRecord>) {
    RunDirectory::read(&path_of(name)).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs")
}
