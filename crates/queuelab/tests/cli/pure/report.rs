//! `queuelab report`: regenerates the files of a run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{
    all_output, assert_passed, copy_recorded_run, out_directory, queuelab, run, runs,
};

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
    assert_eq!(output.status.code(), Some(0), "{}", all_output(&output));
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
fn report_regenerates_the_files_of_a_run_byte_for_byte() {
    let out = out_directory();
    let (output, ..) = run(out.path(), &["smoke", "--backend", "netns"]);
    assert_passed(&output);
    let run = runs(out.path()).remove(0);
    let original = files(&run);
    for name in ["report.html", "cells.csv", "summary.md", "junit.xml"] {
        assert!(original.contains_key(Path::new(name)), "{:?}", original.keys());
        fs::remove_file(run.join(name)).unwrap();
    }
    fs::remove_dir_all(run.join("charts")).unwrap();
    report(&run);
    let regenerated = files(&run);
    let differ = original.iter().filter(|(name, bytes)| regenerated.get(*name) != Some(*bytes));
    let differ: Vec<_> = differ.map(|(name, _)| name).collect();
    assert!(differ.is_empty() && original.len() == regenerated.len(), "{differ:?}");
}

#[test]
fn only_charts_of_an_earlier_report_are_removed() {
    let place = out_directory();
    copy_recorded_run("sweep", place.path(), "run");
    let run = &place.path().join("run");
    report(run);
    let first = charts(run);
    assert!(first.keys().any(|name| name.ends_with(".png")), "{:?}", first.keys());
    for earlier in ["queue-00099.svg", "queue-00099.png"] {
        fs::write(run.join("charts").join(earlier), "of another trial").unwrap();
    }
    fs::write(run.join("charts/notes.txt"), "mine").unwrap();
    fs::write(run.join("charts/photo.png"), "mine").unwrap();
    fs::write(run.join("picture.png"), "mine").unwrap();
    fs::create_dir(run.join("charts/folder.svg")).unwrap();
    report(run);
    let mut second = charts(run);
    assert_eq!(second.remove("notes.txt").as_deref(), Some(&b"mine"[..]));
    assert_eq!(second.remove("photo.png").as_deref(), Some(&b"mine"[..]));
    assert!(second == first, "the same charts: {:?}", second.keys());
    assert!(run.join("charts/folder.svg").is_dir() && run.join("picture.png").is_file());
}
