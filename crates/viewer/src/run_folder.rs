//! The directory of a run.

use std::fs;
use std::path::PathBuf;

use run_record::{RunDirectory, RunRecord, TrialRecord};

use crate::own_file::{is_own_file, why_not};
use crate::url::url_segment;

/// The records from which pages are made, MiB: they need several times as much memory.
const MAX_RECORDS: u64 = 512;

/// The directory of a run, or of a suite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunFolder {
    /// The name of the scenario or suite.
    pub(crate) scenario: String,
    /// The name of the directory: the time of the start.
    pub(crate) time: String,
    pub(crate) path: PathBuf,
}

impl RunFolder {
    /// Its name in queries: `<scenario>/<time>`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.scenario, self.time)
    }

    /// The path of its page.
    pub(crate) fn link(&self) -> String {
        format!("/runs/{}/{}", url_segment(&self.scenario), url_segment(&self.time))
    }

    /// The path of the comparison of a new run with this one as its baseline.
    pub(crate) fn link_to_comparison(&self, new: &Self) -> String {
        format!("/compare?base={}&new={}", url_segment(&self.name()), url_segment(&new.name()))
    }

    /// Whether it has a report.
    pub(crate) fn has_report(&self) -> bool {
        self.has_file("report.html")
    }

    /// Whether it has a file with this name, which must not be a link of either kind.
    pub(crate) fn has_file(&self, name: &str) -> bool {
        is_own_file(&self.path.join(name))
    }

    /// Whether the run is in progress.
    pub(crate) fn is_running(&self) -> bool {
        is_own_file(&self.path.join("trials.jsonl")) && RunDirectory::is_running(&self.path)
    }

    /// The names of its charts without their extension, in order.
    pub(crate) fn charts(&self) -> Vec<String> {
        let folder = self.path.join("charts");
        let is_folder = fs::symlink_metadata(&folder).is_ok_and(|folder| folder.is_dir());
        let entries = if is_folder { fs::read_dir(folder).ok() } else { None };
        let mut charts: Vec<_> = entries
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| is_own_file(&entry.path()))
            .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".svg").map(str::to_owned))
            .collect();
        charts.sort();
        charts
    }

    /// The record and trials of the run; or why they cannot be read, as a fragment that fits
    /// "failed to …".
    pub(crate) fn read(&self) -> Result<(RunRecord, Vec<TrialRecord>), String> {
        self.check()?;
        RunDirectory::read(&self.path).map_err(|error| error.to_string())
    }

    /// Fails if a file that the record is read from is a link, which could lead anywhere, or
    /// has more than pages are made from.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.check_files(&["run.json", "trials.jsonl", "live.json"])
    }

    /// Like [`check`](Self::check), for the directory of a suite.
    pub(crate) fn check_suite(&self) -> Result<(), String> {
        self.check_files(&["suite.json"])
    }

    fn check_files(&self, names: &[&str]) -> Result<(), String> {
        let mut bytes = 0;
        for name in names {
            let file = self.path.join(name);
            // Reading reports what is missing.
            let Ok(found) = fs::symlink_metadata(&file) else { continue };
            if let Some(why) = why_not(&found) {
                return Err(format!("read {}: {why}", file.display()));
            }
            bytes += found.len();
        }
        let mebibytes = bytes >> 20;
        if mebibytes > MAX_RECORDS {
            return Err(format!(
                "read {}: it has {mebibytes} MiB of records, and pages are made from \
                 {MAX_RECORDS} MiB at most; `queuelab report` makes a report from more",
                self.path.display()
            ));
        }
        Ok(())
    }
}
