//! A suite's directory: create, write, read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::directory::RunDirectory;
use crate::directory::{new_folder, replace};
use crate::error::RunDirectoryError;
use crate::error::io_error;
use crate::suite::SuiteRecord;
use crate::verdict::RunVerdict;
use crate::verdict::SuiteVerdict;
use crate::version;

const SUITE_FILE: &str = "suite.json";

type Result<T> = std::result::Result<T, RunDirectoryError>;

/// The directory with the record of a suite. The runs of its scenarios have separate
/// directories.
#[derive(Debug)]
pub struct SuiteDirectory {
    path: PathBuf,
}

impl SuiteDirectory {
    /// Creates `ROOT/<suite>/<UTC time>/`, with a unique name.
    ///
    /// # Errors
    /// If the directory or its file cannot be written.
    pub fn create(root: &Path, suite: &SuiteRecord) -> Result<Self> {
        let path = new_folder(&root.join(&suite.suite), suite.started)?;
        let directory = Self { path };
        directory.write(suite)?;
        Ok(directory)
    }

    /// Whether the directory at `path` is a suite's.
    pub fn exists_at(path: &Path) -> bool {
        path.join(SUITE_FILE).is_file()
    }

    /// Reads the record of a suite.
    ///
    /// # Errors
    /// If it is not a suite's directory, has a newer version, or is damaged.
    pub fn read(path: &Path) -> Result<SuiteRecord> {
        let file = path.join(SUITE_FILE);
        let text = fs::read_to_string(&file).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => RunDirectoryError::NotASuite(path.to_owned()),
            _ => io_error("read", &file, source),
        })?;
        version::read(&file, &text)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces `suite.json` atomically.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, suite: &SuiteRecord) -> Result<()> {
        replace(&self.path.join(SUITE_FILE), suite)
    }

    /// Records the end of the suite and the verdict on its members' runs.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(&self, suite: &mut SuiteRecord) -> Result<()> {
        suite.ended = Some(Timestamp::now());
        suite.verdict = Some(Self::verdict(&self.path, suite));
        self.write(suite)
    }

    /// The verdict on a suite at `path`, from the run directories of its members.
    pub fn verdict(path: &Path, suite: &SuiteRecord) -> SuiteVerdict {
        let runs = suite.members.iter().map(|member| {
            let read = RunDirectory::read(&Self::run_path(path, member.run.as_ref()?));
            Some(read.map_err(|error| error.to_string()).map(|(record, trials)| {
                record.verdict.clone().unwrap_or_else(|| RunVerdict::new(&record, &trials))
            }))
        });
        let runs: Vec<_> = runs.collect();
        let runs: Vec<_> = runs
            .iter()
            .map(|run| run.as_ref().map(|run| run.as_ref().map_err(String::as_str)))
            .collect();
        SuiteVerdict::new(&suite.members, &runs)
    }

    /// The directory of a member's run, given the suite's directory and
    /// [`crate::MemberRecord::run`]; without `..` where possible.
    pub fn run_path(suite: &Path, run: &str) -> PathBuf {
        let root = suite.parent().and_then(Path::parent);
        match (run.strip_prefix("../../"), root) {
            (Some(below), Some(root)) => root.join(below),
            _ => suite.join(run),
        }
    }

    /// The path of a run's directory relative to a suite's, for
    /// [`crate::MemberRecord::run`]. Both are two directories below the same root.
    pub fn relative_run_path(run: &Path) -> String {
        let names: Vec<_> = run.components().rev().take(2).collect();
        let names = names.iter().rev().map(|name| name.as_os_str().to_string_lossy());
        format!("../../{}", names.collect::<Vec<_>>().join("/"))
    }
}
