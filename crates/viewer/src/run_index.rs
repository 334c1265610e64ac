//! The runs and suites below a directory.

use std::cmp::Reverse;
use std::fs;
use std::io;
use std::path::Path;

use run_record::{RunDirectoryError, run_order};

use crate::run_folder::{RunFolder, folder_below};

/// Every run, newest first; without suites and recorded watches.
pub(crate) fn list_runs(root: &Path) -> io::Result<Vec<RunFolder>> {
    let mut places = all(root)?;
    places.retain(|place| !place.is_suite() && !place.is_watch());
    // By its name, which an unreadable run has too; a baseline follows the run that it was
    // interleaved with.
    let order = |place: &RunFolder| {
        let time = place.time.strip_suffix("-base");
        (run_order(time.unwrap_or(&place.time)), place.scenario.clone(), time.is_none())
    };
    places.sort_by_cached_key(|place| Reverse(order(place)));
    Ok(places)
}

/// Every suite, newest first.
pub(crate) fn list_suites(root: &Path) -> io::Result<Vec<RunFolder>> {
    let mut places = all(root)?;
    places.retain(RunFolder::is_suite);
    places.sort_by_cached_key(|place| Reverse((run_order(&place.time), place.scenario.clone())));
    Ok(places)
}

/// Every recorded watch, newest first.
pub(crate) fn list_watches(root: &Path) -> io::Result<Vec<RunFolder>> {
    let mut places = all(root)?;
    places.retain(RunFolder::is_watch);
    places.sort_by_cached_key(|place| Reverse((run_order(&place.time), place.scenario.clone())));
    Ok(places)
}

/// Every directory that may be of a run or of a suite.
fn all(root: &Path) -> io::Result<Vec<RunFolder>> {
    let mut places = Vec::new();
    for scenario in folders(root)? {
        let of_time = |time| RunFolder { root: root.to_owned(), scenario: scenario.clone(), time };
        places.extend(folders(&root.join(&scenario))?.into_iter().map(of_time));
    }
    Ok(places)
}

/// The run, or the recorded watch, with these names; `None` if there is none.
pub(crate) fn find_run(
    root: &Path,
    scenario: &str,
    time: &str,
) -> Result<Option<RunFolder>, RunDirectoryError> {
    let names = [scenario, time];
    match folder_below(root, &names) {
        Ok(Some(_)) if !names.iter().copied().any(is_hidden) => {}
        Err(error) if !error.is_refusal() => return Err(error),
        _ => return Ok(None),
    }
    let [scenario, time] = names.map(str::to_owned);
    Ok(Some(RunFolder { root: root.to_owned(), scenario, time }).filter(|run| !run.is_suite()))
}

/// Whether it is the name of a run that begins, or that was killed there.
fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

/// The names of the directories in a directory, empty if it does not exist; without symbolic
/// links, which could lead anywhere.
fn folders(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut folders = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir()
            && let Ok(name) = entry.file_name().into_string()
            && !is_hidden(&name)
        {
            folders.push(name);
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
        assert!(error.contains("run.json: it is a symbolic link"), "{error}");
        fs::hard_link(&secret, &record).unwrap();
        let error = why();
        assert!(error.contains("run.json: it is a hard link"), "{error}");
        fs::File::create(&record).unwrap().set_len(1 << 40).unwrap();
        let error = why();
        assert!(error.contains("it has 1048576 MiB of records"), "{error}");
        assert!(error.contains("pages are made from 512 MiB at most"), "{error}");
    }
}
