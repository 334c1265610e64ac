//! The runs below a directory, found by what is in it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use run_record::{RunDirectory, RunDirectoryError, RunRecord, TrialRecord};

/// A run directory, and what it holds, or why that cannot be read.
pub(super) struct FoundRun {
    pub(super) scenario: String,
    pub(super) time: String,
    /// Whether it has a report that can be opened.
    pub(super) has_report: bool,
    pub(super) contents: Result<(RunRecord, Vec<TrialRecord>), RunDirectoryError>,
}

/// Every run, newest first.
pub(super) fn list(root: &Path) -> io::Result<Vec<FoundRun>> {
    let mut places = Vec::new();
    for (scenario, path) in folders(root)? {
        for (time, path) in folders(&path)? {
            places.push((time, scenario.clone(), path));
        }
    }
    // By the time that is its name, which one that cannot be read has too.
    places.sort_by(|one, other| other.cmp(one));
    let read = |(time, scenario, path): (_, _, PathBuf)| FoundRun {
        scenario,
        time,
        has_report: has_report(&path),
        contents: RunDirectory::read(&path),
    };
    Ok(places.into_iter().map(read).collect())
}

/// One run. The names come from a stranger: they are compared with what is
/// there, and never become part of a path.
pub(super) fn find(root: &Path, scenario: &str, time: &str) -> io::Result<Option<FoundRun>> {
    let Some(folder) = named(root, scenario)? else { return Ok(None) };
    let Some(path) = named(&folder, time)? else { return Ok(None) };
    let (scenario, time) = (scenario.to_owned(), time.to_owned());
    let has_report = has_report(&path);
    Ok(Some(FoundRun { scenario, time, has_report, contents: RunDirectory::read(&path) }))
}

/// The contents of a file of a run: its scenario's name, its time's, and the
/// file's, with the folder that it is in, if any. Found as [`find`] finds.
pub(super) fn read(root: &Path, names: &[String]) -> io::Result<Option<Vec<u8>>> {
    let [folders @ .., file] = names else { return Ok(None) };
    let mut folder = root.to_owned();
    for name in folders {
        let Some(next) = named(&folder, name)? else { return Ok(None) };
        folder = next;
    }
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && entry.file_name().to_str() == Some(file) {
            return fs::read(entry.path()).map(Some);
        }
    }
    Ok(None)
}

fn has_report(run: &Path) -> bool {
    fs::symlink_metadata(run.join("report.html")).is_ok_and(|report| report.is_file())
}

fn named(folder: &Path, name: &str) -> io::Result<Option<PathBuf>> {
    let found = folders(folder)?.into_iter().find(|(entry, _)| entry == name);
    Ok(found.map(|(_, path)| path))
}

/// The folders in a folder, none where it is not there. A symbolic link is
/// none: it could lead anywhere.
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
    fn a_run_is_found_by_its_names_and_by_nothing_that_leads_elsewhere() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("runs");
        fs::create_dir_all(root.join("smoke/2026")).unwrap();
        fs::create_dir_all(place.path().join("secret/2026")).unwrap();
        std::os::unix::fs::symlink(place.path().join("secret"), root.join("link")).unwrap();
        fs::write(root.join("smoke/file"), "").unwrap();
        fs::write(root.join("smoke/2026/run.json"), "{}").unwrap();
        fs::create_dir_all(root.join("smoke/2026/charts")).unwrap();
        fs::write(root.join("smoke/2026/charts/a.svg"), "<svg/>").unwrap();
        fs::write(place.path().join("secret/2026/key"), "secret").unwrap();
        let secret = place.path().join("secret/2026/key");
        std::os::unix::fs::symlink(&secret, root.join("smoke/2026/link")).unwrap();
        assert!(find(&root, "smoke", "2026").unwrap().is_some());
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
            assert!(find(&root, scenario, time).unwrap().is_none(), "{scenario} {time}");
        }
        let read = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            read(&root, &names).unwrap()
        };
        assert_eq!(read(&["smoke", "2026", "run.json"]).unwrap(), b"{}");
        assert_eq!(read(&["smoke", "2026", "charts", "a.svg"]).unwrap(), b"<svg/>");
        for names in [
            &["smoke", "2026", "link"][..],
            &["smoke", "2026", "charts"],
            &["smoke", "2026", ".."],
            &["smoke", "2026", "..", "file"],
            &["smoke", "2026", "charts/a.svg"],
            &["smoke", "2026", "../file"],
            &["..", "secret", "2026", "key"],
            &["link", "2026", "key"],
            &[],
        ] {
            assert!(read(names).is_none(), "{names:?}");
        }
        let found: Vec<_> = list(&root).unwrap().into_iter().map(|run| run.scenario).collect();
        assert_eq!(found, ["smoke"], "a link is not followed");
    }

    #[test]
    fn the_newest_is_first_and_a_missing_directory_has_none() {
        let place = tempfile::tempdir().unwrap();
        for run in ["b/2026-01-01T00-00-00Z", "a/2026-01-02T00-00-00Z", "c/2025-12-31T00-00-00Z"] {
            fs::create_dir_all(place.path().join(run)).unwrap();
        }
        let runs = list(place.path()).unwrap();
        let order: Vec<_> = runs.iter().map(|run| run.scenario.as_str()).collect();
        assert_eq!(order, ["a", "b", "c"]);
        assert!(runs.iter().all(|run| run.contents.is_err()), "there is no run.json in them");
        assert!(list(&place.path().join("nothing")).unwrap().is_empty());
    }
}
