//! The runs below a directory, found by what is in it.

use std::cmp::Reverse;
use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::OFlag;
use run_record::{RunDirectory, RunRecord, TrialRecord};

use crate::page::url_segment;

/// A run's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) scenario: String,
    pub(crate) time: String,
    pub(crate) path: PathBuf,
}

impl Place {
    /// Its name in queries: `<scenario>/<time>`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.scenario, self.time)
    }

    /// Where its page is.
    pub(crate) fn link(&self) -> String {
        format!("/runs/{}/{}", url_segment(&self.scenario), url_segment(&self.time))
    }

    /// Where a comparison of another run with it as its baseline is.
    pub(crate) fn link_to_compare(&self, new: &Self) -> String {
        format!("/compare?base={}&new={}", url_segment(&self.name()), url_segment(&new.name()))
    }

    /// Whether it has a report that can be opened.
    pub(crate) fn has_report(&self) -> bool {
        self.has_file("report.html")
    }

    /// Whether it has such a file of its own.
    pub(crate) fn has_file(&self, name: &str) -> bool {
        is_file(&self.path.join(name))
    }

    /// Whether somebody runs it now.
    pub(crate) fn is_running(&self) -> bool {
        is_file(&self.path.join("trials.jsonl")) && RunDirectory::is_running(&self.path)
    }

    /// Its charts' names without their ending, in order.
    pub(crate) fn charts(&self) -> Vec<String> {
        let folder = self.path.join("charts");
        let is_folder = fs::symlink_metadata(&folder).is_ok_and(|folder| folder.is_dir());
        let entries = if is_folder { fs::read_dir(folder).ok() } else { None };
        let mut charts: Vec<_> = entries
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".svg").map(str::to_owned))
            .collect();
        charts.sort();
        charts
    }

    /// What it holds; or why that cannot be read, as a fragment that fits "failed
    /// to ...".
    pub(crate) fn read(&self) -> Result<(RunRecord, Vec<TrialRecord>), String> {
        self.check()?;
        RunDirectory::read(&self.path).map_err(|error| error.to_string())
    }

    /// Fails where a file that the record is read from leads elsewhere.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.check_files(&["run.json", "trials.jsonl", "live.json"])
    }

    /// The same of a suite's directory.
    pub(crate) fn check_suite(&self) -> Result<(), String> {
        self.check_files(&["suite.json"])
    }

    fn check_files(&self, names: &[&str]) -> Result<(), String> {
        for name in names {
            let file = self.path.join(name);
            match fs::symlink_metadata(&file) {
                Ok(found) if !found.is_file() => {
                    return Err(format!("read {}: it is no file of its own", file.display()));
                }
                // What is missing is told by whoever reads it.
                _ => {}
            }
        }
        Ok(())
    }
}

/// Every run, newest first. What a suite leaves beside its scenarios' runs is
/// none.
pub(crate) fn places(root: &Path) -> io::Result<Vec<Place>> {
    let mut places = all(root)?;
    places.retain(|place| !is_suite(&place.path));
    // By the time that is its name, which one that cannot be read has too; a
    // baseline after the run that it took turns with.
    let order = |place: &Place| {
        let time = place.time.strip_suffix("-base");
        (time.unwrap_or(&place.time).to_owned(), place.scenario.clone(), time.is_none())
    };
    places.sort_by_cached_key(|place| Reverse(order(place)));
    Ok(places)
}

/// Every suite, newest first.
pub(crate) fn suites(root: &Path) -> io::Result<Vec<Place>> {
    let mut places = all(root)?;
    places.retain(|place| is_suite(&place.path));
    places.sort_by_cached_key(|place| Reverse((place.time.clone(), place.scenario.clone())));
    Ok(places)
}

/// Every directory that may be a run's or a suite's.
fn all(root: &Path) -> io::Result<Vec<Place>> {
    let mut places = Vec::new();
    for (scenario, path) in folders(root)? {
        let of_time = |(time, path)| Place { scenario: scenario.clone(), time, path };
        places.extend(folders(&path)?.into_iter().map(of_time));
    }
    Ok(places)
}

/// One run. The names come from a stranger: they are compared with what is
/// there, and never become part of a path.
pub(crate) fn find(root: &Path, scenario: &str, time: &str) -> io::Result<Option<Place>> {
    let Some(folder) = named(root, scenario)? else { return Ok(None) };
    let Some(path) = named(&folder, time)? else { return Ok(None) };
    let place = Place { scenario: scenario.to_owned(), time: time.to_owned(), path };
    Ok(Some(place).filter(|place| !is_suite(&place.path)))
}

/// The contents of a file of a run: its scenario's name, its time's, and the
/// file's, with the folder that it is in, if any. Found as [`find`] finds.
pub(crate) fn read(root: &Path, names: &[String]) -> io::Result<Option<Vec<u8>>> {
    let [folders @ .., file] = names else { return Ok(None) };
    let mut folder = root.to_owned();
    for name in folders {
        let Some(next) = named(&folder, name)? else { return Ok(None) };
        folder = next;
    }
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() && entry.file_name().to_str() == Some(file) {
            return contents(&entry.path()).map(Some);
        }
    }
    Ok(None)
}

/// What is in a file, which must not have become a link or a pipe meanwhile.
fn contents(file: &Path) -> io::Result<Vec<u8>> {
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
    let mut file = OpenOptions::new().read(true).custom_flags(flags.bits()).open(file)?;
    let mut contents = Vec::new();
    file.read_to_end(&mut contents)?;
    Ok(contents)
}

fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
}

fn is_suite(path: &Path) -> bool {
    path.join("suite.json").exists() && !path.join("run.json").exists()
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
        let found: Vec<_> = places(&root).unwrap().into_iter().map(|run| run.scenario).collect();
        assert_eq!(found, ["smoke"], "a link is not followed");
    }

    #[test]
    fn the_newest_is_first_a_suite_is_no_run_and_a_missing_directory_has_none() {
        let place = tempfile::tempdir().unwrap();
        for run in ["b/2026-01-01T00-00-00Z", "a/2026-01-02T00-00-00Z", "c/2025-12-31T00-00-00Z"] {
            fs::create_dir_all(place.path().join(run)).unwrap();
        }
        let suite = place.path().join("all/2026-01-03T00-00-00Z");
        fs::create_dir_all(&suite).unwrap();
        fs::write(suite.join("suite.json"), "{}").unwrap();
        let runs = places(place.path()).unwrap();
        let order: Vec<_> = runs.iter().map(|run| run.scenario.as_str()).collect();
        assert_eq!(order, ["a", "b", "c"]);
        fs::create_dir_all(place.path().join("a/2026-01-02T00-00-00Z-base")).unwrap();
        let again = places(place.path()).unwrap();
        assert!(again[0].time.ends_with('Z') && again[1].time.ends_with("-base"), "{again:?}");
        assert!(runs.iter().all(|run| run.read().is_err()), "there is no run.json in them");
        assert_eq!(find(place.path(), "all", "2026-01-03T00-00-00Z").unwrap(), None);
        assert!(places(&place.path().join("nothing")).unwrap().is_empty());
    }

    #[test]
    fn a_record_that_leads_elsewhere_is_not_read() {
        let place = tempfile::tempdir().unwrap();
        let run = place.path().join("runs/smoke/2026");
        fs::create_dir_all(&run).unwrap();
        fs::write(place.path().join("secret"), "{").unwrap();
        std::os::unix::fs::symlink(place.path().join("secret"), run.join("run.json")).unwrap();
        let found = find(&place.path().join("runs"), "smoke", "2026").unwrap().unwrap();
        let told = found.read().unwrap_err();
        assert!(told.contains("run.json: it is no file of its own"), "{told}");
    }
}
