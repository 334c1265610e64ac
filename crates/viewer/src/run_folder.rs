//! The directory of a run, and what is below the directory of all runs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use run_record::{Folder, RunDirectory, RunDirectoryError, RunRecord, WATCH_FILE};
use run_view::Run;
use watch_recording::LINES_FILE;

use crate::url::url_segment;

/// The records from which pages are made, MiB: they need up to half as much memory.
const MAX_RECORDS: u64 = 512;

/// The directory with these names below the directory of all runs; `None` if there is none.
/// No link below it is followed, and a file with several names is refused, because one of
/// them may be anywhere.
pub(crate) fn folder_below(
    root: &Path,
    names: &[impl AsRef<str>],
) -> Result<Option<Folder>, RunDirectoryError> {
    let mut folder = match Folder::open(root) {
        Ok(folder) => folder.only_own_files(),
        Err(RunDirectoryError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    for name in names {
        match folder.folder(name.as_ref())? {
            Some(inner) => folder = inner,
            None => return Ok(None),
        }
    }
    Ok(Some(folder))
}

/// The directory of a run, or of a suite.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct RunFolder {
    /// The directory of all runs.
    pub(crate) root: PathBuf,
    /// The name of the scenario or suite.
    pub(crate) scenario: String,
    /// The name of the directory: the time of the start.
    pub(crate) time: String,
}

impl RunFolder {
    /// Its name in queries: `<scenario>/<time>`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.scenario, self.time)
    }

    /// Its path, for messages: nothing is opened by it.
    pub(crate) fn path(&self) -> PathBuf {
        self.root.join(&self.scenario).join(&self.time)
    }

    /// The path of its page.
    pub(crate) fn link(&self) -> String {
        format!("/runs/{}/{}", url_segment(&self.scenario), url_segment(&self.time))
    }

    /// The path of the comparison of a new run with this one as its baseline.
    pub(crate) fn link_to_comparison(&self, new: &Self) -> String {
        format!("/compare?base={}&new={}", url_segment(&self.name()), url_segment(&new.name()))
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Result<Folder, RunDirectoryError> {
        let found = folder_below(&self.root, &[&self.scenario, &self.time])?;
        found.ok_or_else(|| RunDirectoryError::Io {
            action: "open",
            path: self.path(),
            source: io::ErrorKind::NotFound.into(),
        })
    }

    /// Whether it has a report.
    pub(crate) fn has_report(&self) -> bool {
        self.has_file("report.html")
    }

    /// Whether it has a file with this name that can be served.
    pub(crate) fn has_file(&self, name: &str) -> bool {
        self.open().is_ok_and(|folder| folder.has_file(name))
    }

    /// Whether it is the directory of a suite. The list asks this of every run there is, so
    /// nothing is opened for it.
    pub(crate) fn is_suite(&self) -> bool {
        let has = |name: &str| fs::symlink_metadata(self.path().join(name)).is_ok();
        has("suite.json") && !has("run.json")
    }

    /// Whether it is the record of a watch.
    pub(crate) fn is_watch(&self) -> bool {
        let has = |name: &str| fs::symlink_metadata(self.path().join(name)).is_ok();
        has(WATCH_FILE) && !has("run.json")
    }

    /// Whether the run is in progress.
    pub(crate) fn is_running(&self) -> bool {
        self.open().is_ok_and(|folder| RunDirectory::is_running_in(&folder))
    }

    /// The names of its charts without their extension, in order.
    pub(crate) fn charts(&self) -> Vec<String> {
        let Ok(Some(folder)) = self.open().and_then(|folder| folder.folder("charts")) else {
            return Vec::new();
        };
        let mut charts = folder.names().unwrap_or_default();
        charts.retain(|name| folder.has_file(name));
        let mut charts: Vec<_> =
            charts.iter().filter_map(|name| name.strip_suffix(".svg").map(str::to_owned)).collect();
        charts.sort();
        charts
    }

    /// The run; or why it cannot be read, as a fragment that fits "failed to …".
    pub(crate) fn read(&self) -> Result<Run, String> {
        let folder = self.open_records()?;
        Run::read_in(&folder).map_err(|error| error.to_string())
    }

    /// The record of the run without its trials; or why it cannot be read.
    pub(crate) fn read_record(&self) -> Result<RunRecord, String> {
        let folder = self.open_records()?;
        RunDirectory::read_record_in(&folder).map_err(|error| error.to_string())
    }

    /// Opens it; fails if its records have more than pages are made from.
    pub(crate) fn open_records(&self) -> Result<Folder, String> {
        let open = || -> Result<_, RunDirectoryError> {
            let folder = self.open()?;
            let mut bytes = 0;
            for name in ["run.json", "trials.jsonl", "suite.json", LINES_FILE] {
                // Reading reports what is missing.
                let file = folder.read(name)?;
                bytes += file.map_or(0, |file| file.metadata().map_or(0, |found| found.len()));
            }
            Ok((folder, bytes >> 20))
        };
        match open() {
            Err(error) => Err(error.to_string()),
            Ok((folder, ..=MAX_RECORDS)) => Ok(folder),
            Ok((_, mebibytes)) => Err(format!(
                "read {}: it has {mebibytes} MiB of records, and pages are made from \
                 {MAX_RECORDS} MiB at most; `queuelab report` makes a report from more",
                self.path().display()
            )),
        }
    }
}
