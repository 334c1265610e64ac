//! The runs that are kept for tests.
#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::path::{Path, PathBuf};

use run_record::{RunDirectory, RunRecord, TrialRecord};

/// Where one of them is.
pub(crate) fn place(name: &str) -> PathBuf {
    folder().join(name)
}

/// Where each of them is.
pub(crate) fn places() -> Vec<PathBuf> {
    let places = folder().read_dir().unwrap().map(|entry| entry.unwrap().path());
    places.filter(|path| path.join("run.json").is_file()).collect()
}

/// What one of them holds.
pub(crate) fn kept(name: &str) -> (RunRecord, Vec<TrialRecord>) {
    RunDirectory::read(&place(name)).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs")
}
