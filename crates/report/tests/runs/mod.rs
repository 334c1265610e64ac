//! The recorded runs of the tests.
#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::path::{Path, PathBuf};

use run_record::{RunDirectory, RunRecord, TrialRecord};

/// The directory of one of them.
pub(crate) fn place(name: &str) -> PathBuf {
    folder().join(name)
}

/// The directory of each of them.
pub(crate) fn places() -> Vec<PathBuf> {
    let places = folder().read_dir().unwrap().map(|entry| entry.unwrap().path());
    places.filter(|path| path.join("run.json").is_file()).collect()
}

/// The record and trials of one of them.
pub(crate) fn kept(name: &str) -> (RunRecord, Vec<TrialRecord>) {
    RunDirectory::read(&place(name)).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../report/tests/runs")
}
