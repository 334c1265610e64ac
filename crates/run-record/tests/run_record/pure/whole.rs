//! A new directory is there as a whole, or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use run_record::{RunDirectory, RunRecord, SuiteDirectory, remove_unfinished, run_order};

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
    let (mut new, mut base) = (run_record(), run_record());
    let pair = RunDirectory::create_pair(out.path(), &mut new, &mut base).unwrap();
    assert!(pair[0].path().ends_with("1970-01-01T00-00-00Z-4"), "{pair:?}");
    let one = RunDirectory::create(out.path(), &run_record()).unwrap();
    assert!(one.path().ends_with("1970-01-01T00-00-00Z-5"), "{one:?}");
    assert_eq!(fs::read(folder.join("1970-01-01T00-00-00Z")).unwrap(), b"a file");
}

/// As if the wall clock was set back between the runs.
#[test]
fn the_names_of_runs_are_in_the_order_of_their_beginnings_whatever_the_clock_is() {
    let out = tempfile::tempdir().unwrap();
    let mut created = Vec::new();
    for started in ["2031-05-01T00:00:00Z", "2026-01-01T00:00:00Z", "2031-05-01T00:00:00Z"] {
        let run = RunRecord { started: started.parse().unwrap(), ..run_record() };
        let directory = RunDirectory::create(out.path(), &run).unwrap();
        let (read, _) = RunDirectory::read(directory.path()).unwrap();
        assert_eq!(read.started, run.started, "the record has the time of the clock");
        created.push(directory.path().file_name().unwrap().to_str().unwrap().to_owned());
    }
    let later = ["2031-05-01T00-00-00Z", "2031-05-01T00-00-00Z-2", "2031-05-01T00-00-00Z-3"];
    assert_eq!(created, later);
    assert!(created.is_sorted_by_key(|name| run_order(name)));
}

/// A directory as a run leaves it that was killed before its directory had a name.
fn unfinished(out: &Path, name: &str, files: &[&str]) -> PathBuf {
    let path = out.join("test").join(format!(".{name}.partial"));
    fs::create_dir_all(&path).unwrap();
    files.iter().for_each(|file| fs::write(path.join(file), "{").unwrap());
    path
}

#[test]
fn a_run_removes_what_killed_runs_left_and_not_what_others_write() {
    let out = tempfile::tempdir().unwrap();
    let files: [&[&str]; 4] = [
        &[],
        &["trials.jsonl"],
        &["trials.jsonl", "run.json.partial"],
        &["trials.jsonl", "run.json"],
    ];
    let mut dead = Vec::new();
    for (number, files) in (2..).zip(files) {
        dead.push(unfinished(out.path(), &format!("1970-01-01T00-00-00Z-{number}"), files));
    }
    let living = unfinished(out.path(), "1970-01-01T00-00-00Z-9", &["trials.jsonl"]);
    let lock = fs::File::open(&living).unwrap();
    lock.try_lock().unwrap();
    let other = unfinished(out.path(), "notes", &[]);
    assert_eq!(remove_unfinished(out.path(), true).unwrap(), dead, "a dry run finds them");
    assert!(dead.iter().all(|path| path.exists()));
    let run = RunDirectory::create(out.path(), &run_record()).unwrap();
    assert!(run.path().ends_with("1970-01-01T00-00-00Z-10"), "{run:?}");
    assert!(!dead.iter().any(|path| path.exists()), "{:?}", names(&out.path().join("test")));
    assert!(living.exists() && other.exists());
    drop(lock);
    assert_eq!(remove_unfinished(out.path(), false).unwrap(), [living]);
    assert_eq!(
        remove_unfinished(&out.path().join("absent"), false).unwrap(),
        Vec::<PathBuf>::new()
    );
}

#[test]
fn two_interleaved_runs_of_which_one_has_its_name_are_both_kept() {
    for hidden in [0, 1] {
        let out = tempfile::tempdir().unwrap();
        let (mut new, mut base) = (run_record(), run_record());
        let pair = RunDirectory::create_pair(out.path(), &mut new, &mut base).unwrap();
        let paths = pair.map(|run| run.path().to_owned());
        let name = paths[hidden].file_name().unwrap().to_str().unwrap();
        let killed = paths[hidden].with_file_name(format!(".{name}.partial"));
        fs::rename(&paths[hidden], &killed).unwrap();
        assert_eq!(remove_unfinished(out.path(), true).unwrap(), Vec::<PathBuf>::new());
        assert!(killed.exists());
        assert_eq!(remove_unfinished(out.path(), false).unwrap(), Vec::<PathBuf>::new());
        assert!(!killed.exists());
        paths.iter().for_each(|path| assert!(RunDirectory::read(path).is_ok(), "{path:?}"));
    }
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

#[test]
fn runs_that_begin_at_once_each_get_a_directory() {
    const AT_ONCE: usize = 8;
    const EACH: usize = 30;
    let out = tempfile::tempdir().unwrap();
    let begin = std::sync::Barrier::new(AT_ONCE);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                begin.wait();
                for _ in 0..EACH {
                    // Each first removes what killed runs left.
                    RunDirectory::create(out.path(), &run_record()).unwrap();
                }
            });
        }
    });
    let scenario = out.path().join(&run_record().scenario.name);
    assert_eq!(std::fs::read_dir(scenario).unwrap().count(), AT_ONCE * EACH);
}
