//! A file of a run that another program changes while the run goes on: the run ends with an
//! error that names it.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use run_record::{RunDirectory, RunDirectoryError};

use crate::support::{run_record, trial, trials_file};

/// What another program does to the trials, and what the error says of it.
type Change = (&'static str, fn(&Path), &'static str);

const CHANGES: [Change; 7] = [
    ("truncate", |file| fs::write(file, "").unwrap(), "it has 0 bytes"),
    ("shorten by a byte", |file| shorten(file, 1), "another program changed it: it has"),
    ("shorten by a line", |file| shorten(file, line(file)), "another program changed it: it has"),
    ("append", append, "another program changed it: it has"),
    ("delete", |file| fs::remove_file(file).unwrap(), "it was deleted"),
    ("rename", |file| fs::rename(file, file.with_extension("old")).unwrap(), "it was renamed"),
    ("replace", replace, "it was deleted"),
];

fn line(file: &Path) -> usize {
    fs::read(file).unwrap().split_inclusive(|&byte| byte == b'\n').next_back().unwrap().len()
}

fn shorten(file: &Path, bytes: usize) {
    let length = fs::metadata(file).unwrap().len() - bytes as u64;
    OpenOptions::new().write(true).open(file).unwrap().set_len(length).unwrap();
}

fn append(file: &Path) {
    let copy = fs::read(file).unwrap();
    OpenOptions::new().append(true).open(file).unwrap().write_all(&copy).unwrap();
}

/// With the same contents.
fn replace(file: &Path) {
    let copy = file.with_extension("copy");
    fs::copy(file, &copy).unwrap();
    fs::rename(copy, file).unwrap();
}

fn assert_changed(result: Result<(), RunDirectoryError>, change: &str, reason: &str) {
    let error = result.expect_err(change);
    assert!(matches!(error, RunDirectoryError::Changed { .. }), "{change}: {error}");
    let error = error.to_string();
    assert!(error.contains("trials.jsonl") && error.contains(reason), "{change}: {error}");
}

#[test]
fn a_changed_file_of_trials_ends_the_run_at_its_next_trial_and_at_its_end() {
    for (name, change, reason) in CHANGES {
        for at_end in [false, true] {
            let out = tempfile::tempdir().unwrap();
            let mut record = run_record();
            let mut directory = RunDirectory::create(out.path(), &record).unwrap();
            directory.append(&trial(0)).unwrap();
            directory.append(&trial(1)).unwrap();
            change(&trials_file(directory.path()));
            let result = match at_end {
                false => directory.append(&trial(2)),
                true => directory.finish(&mut record),
            };
            assert_changed(result, name, reason);
            let path = directory.path().to_owned();
            drop(directory);
            let (record, _) = RunDirectory::read(&path).unwrap_or_else(|error| {
                // A trial that is there twice.
                assert!(name == "append", "{name}: {error}");
                (run_record(), Vec::new())
            });
            assert!(record.ended.is_none() && record.verdict.is_none(), "{name}");
        }
    }
}

/// Bytes that change where they are: no length and no inode shows that.
#[test]
fn changed_contents_end_the_run_at_its_end() {
    let out = tempfile::tempdir().unwrap();
    let mut record = run_record();
    let mut directory = RunDirectory::create(out.path(), &record).unwrap();
    directory.append(&trial(0)).unwrap();
    let path = directory.path().to_owned();
    drop(directory);
    // What was there before a resume counts, too.
    let (mut directory, _, _) = RunDirectory::resume(&path).unwrap();
    directory.append(&trial(1)).unwrap();
    let text = fs::read_to_string(trials_file(&path)).unwrap();
    let edited = text.replace("\"held\":true", "\"held\":null");
    assert!(edited.len() == text.len() && edited != text, "{text}");
    let mut file = OpenOptions::new().write(true).open(trials_file(&path)).unwrap();
    file.write_all(edited.as_bytes()).unwrap();
    assert_changed(directory.finish(&mut record), "edit", "changed its contents");
    file.set_len(0).unwrap();
    let mut file = OpenOptions::new().write(true).open(trials_file(&path)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    directory.finish(&mut record).unwrap();
}

#[test]
fn a_resumed_run_expects_what_it_found() {
    let out = tempfile::tempdir().unwrap();
    let mut directory = RunDirectory::create(out.path(), &run_record()).unwrap();
    for id in 0..3 {
        directory.append(&trial(id)).unwrap();
    }
    let path = directory.path().to_owned();
    drop(directory);
    shorten(&trials_file(&path), 5);
    let (mut directory, mut record, done) = RunDirectory::resume(&path).unwrap();
    assert_eq!(done, [trial(0), trial(1)]);
    for id in 2..6 {
        directory.append(&trial(id)).unwrap();
    }
    directory.finish(&mut record).unwrap();
    assert_eq!(record.verdict.unwrap().missing(), 0);
}
