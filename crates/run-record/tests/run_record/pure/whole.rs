//! A new directory is there as a whole, or not at all.

use std::fs;

use run_record::{RunDirectory, RunRecord, SuiteDirectory};

use crate::pure::suite::suite;
use crate::support::run_record;

fn names(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_directory_appears_with_its_files() {
    let out = tempfile::tempdir().unwrap();
    let run = RunDirectory::create(out.path(), &run_record()).unwrap();
    assert_eq!(names(run.path()), ["run.json", "trials.jsonl"]);
    assert_eq!(names(run.path().parent().unwrap()), ["1970-01-01T00-00-00Z"]);
    let (mut new, mut base) = (run_record(), run_record());
    let pair = RunDirectory::create_pair(out.path(), &mut new, &mut base).unwrap();
    assert!(pair[0].path().ends_with("1970-01-01T00-00-00Z-2"), "{pair:?}");
    assert!(pair[1].path().ends_with("1970-01-01T00-00-00Z-2-base"), "{pair:?}");
    for (one, other) in [(0, 1), (1, 0)] {
        let (record, _) = RunDirectory::read(pair[one].path()).unwrap();
        assert!(pair[other].path().ends_with(record.interleaved.unwrap().with));
    }
    let suite = SuiteDirectory::create(out.path(), &suite()).unwrap();
    assert_eq!(names(suite.path()), ["suite.json"]);
}

#[test]
fn a_name_in_use_is_not_used_again() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("test");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("1970-01-01T00-00-00Z"), "a file").unwrap();
    std::os::unix::fs::symlink("nowhere", folder.join("1970-01-01T00-00-00Z-2")).unwrap();
    fs::create_dir(folder.join("1970-01-01T00-00-00Z-3-base")).unwrap();
    // Of a run that was killed at its start.
    fs::create_dir(folder.join(".1970-01-01T00-00-00Z-4.partial")).unwrap();
    let (mut new, mut base) = (run_record(), run_record());
    let pair = RunDirectory::create_pair(out.path(), &mut new, &mut base).unwrap();
    assert!(pair[0].path().ends_with("1970-01-01T00-00-00Z-5"), "{pair:?}");
    let one = RunDirectory::create(out.path(), &run_record()).unwrap();
    assert!(one.path().ends_with("1970-01-01T00-00-00Z-3"), "{one:?}");
    assert_eq!(fs::read(folder.join("1970-01-01T00-00-00Z")).unwrap(), b"a file");
}

#[test]
fn a_discarded_run_leaves_nothing() {
    let out = tempfile::tempdir().unwrap();
    let run = RunDirectory::create(out.path(), &run_record()).unwrap();
    let other = RunDirectory::create(out.path(), &RunRecord { seed: 1, ..run_record() }).unwrap();
    run.discard().unwrap();
    assert_eq!(names(&out.path().join("test")), ["1970-01-01T00-00-00Z-2"]);
    assert!(RunDirectory::read(other.path()).is_ok());
}
