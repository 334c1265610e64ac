//! Shared by the tests of runs with two builds.

use std::path::{Path, PathBuf};
use std::process::Output;

use super::{binary, queuelab, runs, write_script};

/// One cell: a burst that fits into the queue.
pub(crate) const ONE_CELL: [&str; 5] =
    ["smoke", "--only", "server.design=snapshot", "--only", "server.backlog=64"];

/// Writes an executable that runs `script`, which may change the arguments, and then this
/// build.
pub(crate) fn write_other_build(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("other-queuelab");
    let text = format!("#!/bin/sh\n{script}\nexec '{}' \"$@\"\n", binary());
    write_script(&path, &text);
    path
}

/// Runs one cell with this build and with another.
pub(crate) fn run_against(backend: &str, out: &Path, build: &Path, flags: &[&str]) -> Output {
    let (out, build) = (out.to_str().unwrap(), build.to_str().unwrap());
    let run = ["run", "--out", out, "--against", build, "--backend", backend];
    queuelab(&[&run, &ONE_CELL[..], flags].concat()).output().unwrap()
}

/// The two directories of the only run: this build's, and its baseline's.
pub(crate) fn pair_directories(out: &Path) -> [PathBuf; 2] {
    let runs = runs(out);
    let found: [PathBuf; 2] = runs.try_into().unwrap_or_else(|runs| panic!("{runs:?}"));
    assert!(found[1].display().to_string().ends_with("-base"), "{found:?}");
    found
}
