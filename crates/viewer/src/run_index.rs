//! The runs and suites below a directory. Names of requests are only compared with the names
//! that are there and never become part of a path.

use std::cmp::Reverse;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::run_folder::RunFolder;

/// Every run, newest first; without the directories of suites.
pub(crate) fn list_runs(root: &Path) -> io::Result<Vec<RunFolder>> {
    let mut places = all(root)?;
    places.retain(|place| !is_suite(&place.path));
    // By the time in its name, which an unreadable run has too; a baseline follows the run
    // that it was interleaved with.
    let order = |place: &RunFolder| {
        let time = place.time.strip_suffix("-base");
        (time.unwrap_or(&place.time).to_owned(), place.scenario.clone(), time.is_none())
    };
    places.sort_by_cached_key(|place| Reverse(order(place)));
    Ok(places)
}

/// Every suite, newest first.
pub(crate) fn list_suites(root: &Path) -> io::Result<Vec<RunFolder>> {
    let mut places = all(root)?;
    places.retain(|place| is_suite(&place.path));
    places.sort_by_cached_key(|place| Reverse((place.time.clone(), place.scenario.clone())));
    Ok(places)
}

/// Every directory that may be of a run or of a suite.
fn all(root: &Path) -> io::Result<Vec<RunFolder>> {
    let mut places = Vec::new();
    for (scenario, path) in folders(root)? {
        let of_time = |(time, path)| RunFolder { scenario: scenario.clone(), time, path };
        places.extend(folders(&path)?.into_iter().map(of_time));
    }
    Ok(places)
}

/// The run with these names.
pub(crate) fn find_run(root: &Path, scenario: &str, time: &str) -> io::Result<Option<RunFolder>> {
    let Some(folder) = named(root, scenario)? else { return Ok(None) };
    let Some(path) = named(&folder, time)? else { return Ok(None) };
    let place = RunFolder { scenario: scenario.to_owned(), time: time.to_owned(), path };
    Ok(Some(place).filter(|place| !is_suite(&place.path)))
}

fn is_suite(path: &Path) -> bool {
    path.join("suite.json").exists() && !path.join("run.json").exists()
}

fn named(folder: &Path, name: &str) -> io::Result<Option<PathBuf>> {
    let found = folders(folder)?.into_iter().find(|(entry, _)| entry == name);
    Ok(found.map(|(_, path)| path))
}

/// The directories in a directory, empty if it does not exist; without symbolic links, which
/// could lead anywhere.
fn folders(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir()
            && let Ok(name) = entry.file_name().into_string()
            // A run that begins, or that was killed there.
            && !name.starts_with('.')
        {
            folders.push((name, entry.path()));
        }
    }
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_by_their_names_and_not_by_paths_or_links() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("runs");
        fs::create_dir_all(root.join("smoke/2026")).unwrap();
        fs::create_dir_all(place.path().join("secret/2026")).unwrap();
        std::os::unix::fs::symlink(place.path().join("secret"), root.join("link")).unwrap();
        fs::write(root.join("smoke/file"), "").unwrap();
        fs::write(root.join("smoke/2026/run.json"), "{}").unwrap();
        assert!(find_run(&root, "smoke", "2026").unwrap().is_some());
        for (scenario, time) in [
            ("..", "secret"),
            ("../secret", "2026"),
            ("smoke", ".."),
            ("smoke", "."),
            ("smoke", ""),
            ("smoke", "file"),
            ("smoke", "../../secret/2026"),
            ("link", "2026"),
            ("/etc", "2026"),
            ("", ""),
        ] {
            assert!(find_run(&root, scenario, time).unwrap().is_none(), "{scenario} {time}");
        }
        let found: Vec<_> = list_runs(&root).unwrap().into_iter().map(|run| run.scenario).collect();
        assert_eq!(found, ["smoke"], "links are not followed");
    }

    #[test]
    fn runs_are_listed_newest_first_without_suites() {
        let place = tempfile::tempdir().unwrap();
        for run in ["b/2026-01-01T00-00-00Z", "a/2026-01-02T00-00-00Z", "c/2025-12-31T00-00-00Z"] {
            fs::create_dir_all(place.path().join(run)).unwrap();
        }
        let suite = place.path().join("all/2026-01-03T00-00-00Z");
        fs::create_dir_all(&suite).unwrap();
        fs::write(suite.join("suite.json"), "{}").unwrap();
        let runs = list_runs(place.path()).unwrap();
        let order: Vec<_> = runs.iter().map(|run| run.scenario.as_str()).collect();
        assert_eq!(order, ["a", "b", "c"]);
        fs::create_dir_all(place.path().join("a/2026-01-02T00-00-00Z-base")).unwrap();
        let renamed = list_runs(place.path()).unwrap();
        assert!(
            renamed[0].time.ends_with('Z') && renamed[1].time.ends_with("-base"),
            "{renamed:?}"
        );
        assert!(runs.iter().all(|run| run.read().is_err()), "there is no run.json in them");
        assert_eq!(find_run(place.path(), "all", "2026-01-03T00-00-00Z").unwrap(), None);
        assert!(list_runs(&place.path().join("nothing")).unwrap().is_empty());
    }

    #[test]
    fn a_record_that_is_a_link_or_too_large_is_not_read() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("runs/smoke/2026");
        fs::create_dir_all(&run).unwrap();
        let secret = place.path().join("secret");
        fs::write(&secret, "{").unwrap();
        let record = run.join("run.json");
        let why = || {
            let found = find_run(&place.path().join("runs"), "smoke", "2026").unwrap().unwrap();
            let error = found.read().unwrap_err();
            fs::remove_file(&record).unwrap();
            error
        };
        std::os::unix::fs::symlink(&secret, &record).unwrap();
        let error = why();
        assert!(error.contains("run.json: it is not a regular file"), "{error}");
        fs::hard_link(&secret, &record).unwrap();
        let error = why();
        assert!(error.contains("run.json: it is a hard link"), "{error}");
        fs::File::create(&record).unwrap().set_len(1 << 40).unwrap();
        let error = why();
        assert!(error.contains("it has 1048576 MiB of records"), "{error}");
        assert!(error.contains("pages are made from 512 MiB at most"), "{error}");
    }
}
