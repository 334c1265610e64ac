//! `queuelab report`: the files of a run, made again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{out_directory, put, queuelab, run, runs, said};

/// The files in a run's folder of charts.
fn charts(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = run.join("charts").read_dir().unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.path().is_file());
    files
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

fn report(run: &Path) {
    let output = queuelab(&["report", run.to_str().unwrap()]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

/// Every file of a run, by its path below it.
fn files(run: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![run.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let name = path.strip_prefix(run).unwrap().to_owned();
                    found.insert(name, fs::read(&path).unwrap());
                }
            }
        }
    }
    found
}

#[test]
fn what_a_run_has_left_is_made_again_byte_for_byte() {
    let out = out_directory();
    let (output, ..) = run(out.path(), &["smoke", "--backend", "netns"]);
    assert!(output.status.success(), "{}", said(&output));
    let run = runs(out.path()).remove(0);
    let left = files(&run);
    for made in ["report.html", "cells.csv", "summary.md", "junit.xml"] {
        assert!(left.contains_key(Path::new(made)), "{:?}", left.keys());
        fs::remove_file(run.join(made)).unwrap();
    }
    fs::remove_dir_all(run.join("charts")).unwrap();
    report(&run);
    let again = files(&run);
    let differ = left.iter().filter(|(name, bytes)| again.get(*name) != Some(*bytes));
    let differ: Vec<_> = differ.map(|(name, _)| name).collect();
    assert!(differ.is_empty() && left.len() == again.len(), "{differ:?}");
}

#[test]
fn charts_that_are_no_longer_made_go_and_nothing_else() {
    let place = out_directory();
    put("sweep", place.path(), "run");
    let run = &place.path().join("run");
    report(run);
    let first = charts(run);
    assert!(first.keys().any(|name| name.ends_with(".png")), "{:?}", first.keys());
    for earlier in ["queue-00099.svg", "queue-00099.png"] {
        fs::write(run.join("charts").join(earlier), "of a trial that was drawn").unwrap();
    }
    fs::write(run.join("charts/notes.txt"), "mine").unwrap();
    fs::write(run.join("charts/photo.png"), "mine").unwrap();
    fs::write(run.join("picture.png"), "mine").unwrap();
    fs::create_dir(run.join("charts/folder.svg")).unwrap();
    report(run);
    let mut again = charts(run);
    assert_eq!(again.remove("notes.txt").as_deref(), Some(&b"mine"[..]));
    assert_eq!(again.remove("photo.png").as_deref(), Some(&b"mine"[..]));
    assert!(again == first, "the same charts: {:?}", again.keys());
    assert!(run.join("charts/folder.svg").is_dir() && run.join("picture.png").is_file());
}

#[test]
fn nothing_is_removed_from_a_folder_that_is_only_linked() {
    let (place, elsewhere) = (out_directory(), out_directory());
    put("sweep", place.path(), "run");
    let run = place.path().join("run");
    fs::write(elsewhere.path().join("photo.png"), "mine").unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), run.join("charts")).unwrap();
    report(&run);
    assert!(elsewhere.path().join("photo.png").is_file());
}
