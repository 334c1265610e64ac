//! A suite's directory: create, write, read.

use std::io;
use std::path::{Path, PathBuf};

use crate::directory::RunDirectory;
use crate::directory::replace;
use crate::error::RunDirectoryError;
use crate::file_name::check_file_name;
use crate::folder::Folder;
use crate::new_folder::{self, NewFolders};
use crate::run::SCHEMA_VERSION;
use crate::suite::SuiteRecord;
use crate::verdict::SuiteVerdict;
use crate::version::read_versioned;
use crate::wall_clock::wall_time;

const SUITE_FILE: &str = "suite.json";

type Result<T> = std::result::Result<T, RunDirectoryError>;

/// The directory with the record of a suite. The runs of its scenarios have separate
/// directories.
#[derive(Debug)]
pub struct SuiteDirectory {
    folder: Folder,
}

impl SuiteDirectory {
    /// Creates `ROOT/<suite>/<UTC time>/`, with a unique name. It appears with its file in it,
    /// or not at all.
    ///
    /// # Errors
    /// If the directory or its file cannot be written, or the suite's name is not the name of
    /// a directory.
    pub fn create(root: &Path, suite: &SuiteRecord) -> Result<Self> {
        let (NewFolders { folders: [folder], .. }, ()) =
            new_folder::create(root, &suite.suite, suite.started, [""], |[folder], _| {
                replace(folder, SUITE_FILE, suite)
            })?;
        Ok(Self { folder })
    }

    /// Whether the directory at `path` is a suite's.
    pub fn exists_at(path: &Path) -> bool {
        Folder::open(path).is_ok_and(|folder| folder.has_file(SUITE_FILE))
    }

    /// Reads the record of a suite.
    ///
    /// # Errors
    /// If it is not a suite's directory, has a newer version, or is damaged.
    pub fn read(path: &Path) -> Result<SuiteRecord> {
        let not_a_suite = || RunDirectoryError::NotASuite(path.to_owned());
        let folder = Folder::open(path).map_err(|error| match error {
            RunDirectoryError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
                not_a_suite()
            }
            error => error,
        })?;
        Self::read_in(&folder)
    }

    /// As [`SuiteDirectory::read`], in an open directory.
    ///
    /// # Errors
    /// As for [`SuiteDirectory::read`].
    pub fn read_in(folder: &Folder) -> Result<SuiteRecord> {
        let not_a_suite = || RunDirectoryError::NotASuite(folder.path().to_owned());
        let text = folder.read_text(SUITE_FILE)?.ok_or_else(not_a_suite)?;
        read_versioned(&folder.path_of(SUITE_FILE), &text, SCHEMA_VERSION)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Replaces `suite.json` atomically.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, suite: &SuiteRecord) -> Result<()> {
        replace(&self.folder, SUITE_FILE, suite)
    }

    /// Records the end of the suite and the verdict on its members' runs.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(&self, suite: &mut SuiteRecord) -> Result<()> {
        suite.ended = Some(wall_time());
        suite.verdict = Some(Self::verdict(self.path(), suite));
        self.write(suite)
    }

    /// The verdict on a suite at `path`, from the run directories of its members.
    pub fn verdict(path: &Path, suite: &SuiteRecord) -> SuiteVerdict {
        let runs = suite.members.iter().map(|member| {
            let path = Self::run_path(path, member.run.as_ref()?);
            let read = |path: PathBuf| {
                RunDirectory::read_each(&path, |_, _| ()).map_err(|error| error.to_string())
            };
            Some(path.and_then(read).map(|run| run.verdict))
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
    ///
    /// # Errors
    /// If the run is not in two directories below the root of the suite's: a suite from
    /// another machine could name any directory here.
    pub fn run_path(suite: &Path, run: &str) -> std::result::Result<PathBuf, String> {
        let below = run.strip_prefix("../../").and_then(|below| below.split_once('/'));
        let invalid = |reason: &str| {
            format!("read the run {run:?} of a suite, which must be ../../SCENARIO/TIME: {reason}")
        };
        let (scenario, time) = below.ok_or_else(|| invalid("it is not"))?;
        for name in [scenario, time] {
            check_file_name(name).map_err(|reason| invalid(&reason))?;
        }
        Ok(match suite.parent().and_then(Path::parent) {
            Some(root) => root.join(scenario).join(time),
            None => suite.join(run),
        })
    }

    /// The path of a run's directory relative to a suite's, for
    /// [`crate::MemberRecord::run`]. Both are two directories below the same root.
    pub fn relative_run_path(run: &Path) -> String {
        let names: Vec<_> = run.components().rev().take(2).collect();
        let names = names.iter().rev().map(|name| name.as_os_str().to_string_lossy());
        format!("../../{}", names.collect::<Vec<_>>().join("/"))
    }
}
