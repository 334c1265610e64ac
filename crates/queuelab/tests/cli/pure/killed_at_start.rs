//! Runs that are killed while their directory is created.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use run_record::RunDirectory;

use crate::support::{all_output, fake_command, out_directory, runs};

/// The directories of runs that have no name yet.
fn hidden(out: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(out.join("smoke")).into_iter().flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.filter(|path| path.extension().is_some_and(|end| end == "partial")).collect()
}

#[test]
fn a_run_that_is_killed_as_it_begins_leaves_nothing_that_the_next_one_does_not_remove() {
    let out = out_directory();
    let out = out.path();
    let arguments = ["run", "smoke", "--backend", "fake", "--out", out.to_str().unwrap()];
    // At different instants after the directory appeared: as many looks at it.
    for looks in [0, 0, 1, 2, 4, 8, 16, 32, 64, 128] {
        let (left, before) = (hidden(out), runs(out).len());
        let mut command = fake_command(&arguments, "{}");
        let mut run = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let has_begun =
            || runs(out).len() > before || hidden(out).iter().any(|new| !left.contains(new));
        while !has_begun() && run.try_wait().unwrap().is_none() {}
        for _ in 0..looks {
            hidden(out);
        }
        run.kill().unwrap();
        run.wait().unwrap();
        assert!(hidden(out).len() <= 1, "{:?}", hidden(out));
    }
    let last = fake_command(&arguments, "{}").output().unwrap();
    assert_eq!(last.status.code(), Some(0), "{}", all_output(&last));
    assert_eq!(hidden(out), Vec::<PathBuf>::new());
    // Each directory is whole, and its run can be resumed.
    for run in runs(out) {
        let (record, _) = RunDirectory::read(&run).unwrap();
        if record.ended.is_none() {
            let resume = ["run", "--resume", run.to_str().unwrap()];
            let resumed = fake_command(&resume, "{}").output().unwrap();
            assert_eq!(resumed.status.code(), Some(0), "{}", all_output(&resumed));
        }
        let (record, trials) = RunDirectory::read(&run).unwrap();
        assert!(record.ended.is_some() && trials.len() == record.planned_trials as usize);
    }
}
