//! The run directory: create, append, resume, read.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use crate::agreement::Agreement;
use crate::attempt::AttemptRow;
use crate::error::RunDirectoryError;
use crate::execution_id::ExecutionId;
use crate::file_name::check_file_name;
use crate::folder::Folder;
use crate::judge::Judge;
use crate::lines::read_lines;
use crate::lock;
use crate::new_folder::{self, NewFolders};
use crate::planned::PlannedTrials;
use crate::rows;
use crate::run::Interleaved;
use crate::run::InterleavedRole;
use crate::run::RunRecord;
use crate::run::SCHEMA_VERSION;
use crate::run_name::BASELINE;
use crate::trial::TrialRecord;
use crate::trials_file::{TRIALS_FILE, TrialsFile};
use crate::verdict::RunVerdict;
use crate::version::read_versioned;
use crate::wall_clock::wall_time;
use crate::watch_file::WATCH_FILE;
use worker::metrics::TimelineRow;

const RUN_FILE: &str = "run.json";
const ATTEMPTS: &str = "attempts";
const TIMELINES: &str = "timelines";

type Result<T> = std::result::Result<T, RunDirectoryError>;

/// One run's directory, open for appending.
#[derive(Debug)]
pub struct RunDirectory {
    /// The directory of the scenario, and the name of this one in it.
    parent: Option<(Folder, String)>,
    folder: Folder,
    trials: TrialsFile,
}

impl RunDirectory {
    /// Creates `ROOT/<scenario>/<UTC time>/`, with a unique name: two runs started in the
    /// same second get different ones. It appears with its files in it, or not at all.
    ///
    /// # Errors
    /// If the directory or its files cannot be written, or the scenario's name is not the
    /// name of a directory.
    pub fn create(root: &Path, run: &RunRecord) -> Result<Self> {
        let (NewFolders { parent, folders: [folder] }, trials) =
            new_folder::create(root, &run.scenario.name, run.started, [""], |[folder], _| {
                begin(folder, run)
            })?;
        Ok(Self::new(parent, folder, trials))
    }

    /// Creates the directories of two interleaved runs: that of the new run like
    /// [`RunDirectory::create`], and that of its baseline beside it, with the suffix
    /// `-base`. Both records refer to each other from the start.
    ///
    /// # Errors
    /// If a directory or its files cannot be written.
    pub fn create_pair(
        root: &Path,
        new: &mut RunRecord,
        baseline: &mut RunRecord,
    ) -> Result<[Self; 2]> {
        let (name, started) = (new.scenario.name.clone(), new.started);
        let (NewFolders { parent, folders }, trials) = new_folder::create(
            root,
            &name,
            started,
            ["", BASELINE],
            |[new_folder, base_folder], [new_name, base_name]| {
                let with = |role, with: &String| Some(Interleaved { role, with: with.clone() });
                new.interleaved = with(InterleavedRole::New, base_name);
                baseline.interleaved = with(InterleavedRole::Baseline, new_name);
                Ok([begin(new_folder, new)?, begin(base_folder, baseline)?])
            },
        )?;
        let [new_folder, base_folder] = folders;
        let [new_trials, base_trials] = trials;
        Ok([
            Self::new(parent.clone(), new_folder, new_trials),
            Self::new(parent, base_folder, base_trials),
        ])
    }

    fn new(parent: Folder, folder: Folder, trials: TrialsFile) -> Self {
        let name = folder.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let trials = trials.moved(folder.clone());
        Self { parent: Some((parent, name)), folder, trials }
    }

    /// Removes a directory that was created, and has no trial.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn discard(self) -> Result<()> {
        let Some((parent, name)) = self.parent else { return Ok(()) };
        drop(self.trials);
        parent.remove_folder(&name)
    }

    /// Opens a run to continue it, and reads its record and trials. A last line that a
    /// crash truncated is dropped: its trial counts as not run.
    ///
    /// # Errors
    /// If it is not a run directory, has a newer version, is damaged anywhere except in its
    /// last line, or has trials that it does not plan.
    pub fn resume(path: &Path) -> Result<(Self, RunRecord, Vec<TrialRecord>)> {
        let folder = open(path)?;
        // Appended trials have this build's version and may change the verdict.
        let run = RunRecord { schema_version: SCHEMA_VERSION, verdict: None, ..read_run(&folder)? };
        let mut trials = TrialsFile::open(folder.clone())?;
        let mut done = Vec::new();
        let complete_bytes = read_trials(&folder, &run, |trial| done.push(trial))?;
        trials.keep(complete_bytes)?;
        Ok((Self { parent: None, folder, trials }, run, done))
    }

    /// Reads a run, finished or not.
    ///
    /// # Errors
    /// As for [`RunDirectory::resume`].
    pub fn read(path: &Path) -> Result<(RunRecord, Vec<TrialRecord>)> {
        Self::read_in(&open(path)?)
    }

    /// As [`RunDirectory::read`], in an open directory.
    ///
    /// # Errors
    /// As for [`RunDirectory::resume`].
    pub fn read_in(folder: &Folder) -> Result<(RunRecord, Vec<TrialRecord>)> {
        let mut trials = Vec::new();
        let run = Self::read_each_in(folder, |_, trial| trials.push(trial))?;
        Ok((run.record, trials))
    }

    /// Reads a run, and passes its record and each of its trials to `each`, in the order in
    /// which they were recorded. Memory is needed for one trial, not for all.
    ///
    /// # Errors
    /// As for [`RunDirectory::resume`]; `each` can have been called before.
    pub fn read_each(path: &Path, each: impl FnMut(&RunRecord, TrialRecord)) -> Result<JudgedRun> {
        Self::read_each_in(&open(path)?, each)
    }

    /// As [`RunDirectory::read_each`], in an open directory.
    ///
    /// # Errors
    /// As for [`RunDirectory::read_each`].
    pub fn read_each_in(
        folder: &Folder,
        mut each: impl FnMut(&RunRecord, TrialRecord),
    ) -> Result<JudgedRun> {
        let mut record = read_run(folder)?;
        let recorded = record.verdict.take();
        let mut judge = Judge::new(&record);
        read_trials(folder, &record, |trial| {
            judge.add(&trial);
            each(&record, trial);
        })?;
        // A verdict on other trials than these: they were changed, or some are missing.
        let recorded = recorded.filter(|verdict| judge.confirms(verdict));
        let verdict = recorded.clone().unwrap_or_else(|| judge.verdict(record.ended.is_some()));
        record.verdict = recorded;
        Ok(JudgedRun { record, verdict, agreements: judge.agreements() })
    }

    /// Reads the record of a run without its trials.
    ///
    /// # Errors
    /// If it is not a run directory, has a newer version, or is damaged.
    pub fn read_record(path: &Path) -> Result<RunRecord> {
        Self::read_record_in(&open(path)?)
    }

    /// As [`RunDirectory::read_record`], in an open directory.
    ///
    /// # Errors
    /// As for [`RunDirectory::read_record`].
    pub fn read_record_in(folder: &Folder) -> Result<RunRecord> {
        read_run(folder)
    }

    /// Whether a process is running it. This takes no lock, so it does not disturb a run
    /// that starts or continues meanwhile. False if it cannot be read.
    pub fn is_running(path: &Path) -> bool {
        Folder::open(path).is_ok_and(|folder| Self::is_running_in(&folder))
    }

    /// As [`RunDirectory::is_running`], in an open directory.
    pub fn is_running_in(folder: &Folder) -> bool {
        let trials = folder.read(TRIALS_FILE);
        trials.is_ok_and(|trials| trials.is_some_and(|trials| lock::is_locked(&trials)))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The open directory.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Appends a trial and flushes it, so that it survives a crash of the lab.
    ///
    /// # Errors
    /// If it cannot be written, or another program has changed the file of the trials.
    pub fn append(&mut self, trial: &TrialRecord) -> Result<()> {
        let line = serde_json::to_string(trial).expect("a trial is plain data");
        self.trials.append(format!("{}\n", visible::json(&line)).as_bytes())
    }

    /// Writes a trial's attempts to `attempts/<trial>.csv`; those of a retry to
    /// `attempts/<trial>-retry-<n>.csv`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_attempts(&self, trial: impl Into<ExecutionId>, rows: &[AttemptRow]) -> Result<()> {
        rows::write(&self.folder, ATTEMPTS, trial.into(), rows)
    }

    /// Writes the samples of a trial's probe to `timelines/<trial>.csv`; those of a retry
    /// to `timelines/<trial>-retry-<n>.csv`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_timeline(
        &self,
        trial: impl Into<ExecutionId>,
        rows: &[TimelineRow],
    ) -> Result<()> {
        rows::write(&self.folder, TIMELINES, trial.into(), rows)
    }

    /// Reads the samples of a trial's probe; `None` if no timeline was stored.
    ///
    /// # Errors
    /// If it cannot be read or is damaged.
    pub fn read_timeline(
        path: &Path,
        trial: impl Into<ExecutionId>,
    ) -> Result<Option<Vec<TimelineRow>>> {
        rows::read(&open(path)?, TIMELINES, trial.into())
    }

    /// Reads a trial's attempts; `None` if none were stored.
    ///
    /// # Errors
    /// If they cannot be read or are damaged.
    pub fn read_attempts(
        path: &Path,
        trial: impl Into<ExecutionId>,
    ) -> Result<Option<Vec<AttemptRow>>> {
        rows::read(&open(path)?, ATTEMPTS, trial.into())
    }

    /// Replaces `run.json` atomically.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_run(&self, run: &RunRecord) -> Result<()> {
        replace(&self.folder, RUN_FILE, run)
    }

    /// Records the end of the run and the verdict on its trials.
    ///
    /// # Errors
    /// If its trials cannot be read, another program has changed their file, or the record
    /// cannot be written.
    pub fn finish(&self, run: &mut RunRecord) -> Result<()> {
        self.trials.check_contents()?;
        let mut judge = Judge::new(run);
        read_trials(&self.folder, run, |trial| judge.add(&trial))?;
        (run.ended, run.verdict) = (Some(wall_time()), Some(judge.verdict(true)));
        self.write_run(run)
    }
}

fn open(path: &Path) -> Result<Folder> {
    Folder::open(path).map_err(|error| match error {
        RunDirectoryError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            RunDirectoryError::NotARun(path.to_owned())
        }
        error => error,
    })
}

/// Writes the files of a run that begins.
fn begin(folder: &Folder, run: &RunRecord) -> Result<TrialsFile> {
    let trials = TrialsFile::open(folder.clone())?;
    replace(folder, RUN_FILE, run)?;
    Ok(trials)
}

fn read_run(folder: &Folder) -> Result<RunRecord> {
    let text = folder.read_text(RUN_FILE)?;
    let text = text.ok_or_else(|| match folder.has_file(WATCH_FILE) {
        true => RunDirectoryError::AWatch(folder.path().to_owned()),
        false => RunDirectoryError::NotARun(folder.path().to_owned()),
    })?;
    let file = folder.path_of(RUN_FILE);
    let run: RunRecord = read_versioned(&file, &text, SCHEMA_VERSION)?;
    let malformed = |member: &str, reason| {
        let member = format!("\"{member}\"");
        let line = text.lines().position(|line| line.contains(&member));
        let line = line.map_or(1, |line| line + 1);
        Err(RunDirectoryError::Malformed { path: file.clone(), line, reason })
    };
    // It is a directory beside this one.
    if let Some(Interleaved { with, .. }) = &run.interleaved
        && let Err(reason) = check_file_name(with)
    {
        return malformed("interleaved", format!("the other run is no directory: {reason}"));
    }
    match run.invalid_axes() {
        None => Ok(run),
        Some(reason) => malformed("axes", reason),
    }
}

/// A run whose trials were read one after the other.
#[derive(Debug)]
pub struct JudgedRun {
    /// The contents of `run.json`; without a verdict that is not on these trials.
    pub record: RunRecord,
    /// The recorded verdict, or one computed from the trials if none is recorded.
    pub verdict: RunVerdict,
    /// How well the simulator agrees with the trials of each design.
    pub agreements: Vec<Agreement>,
}

/// Passes each trial to `each`, and returns the length in bytes of the complete lines.
fn read_trials(folder: &Folder, run: &RunRecord, mut each: impl FnMut(TrialRecord)) -> Result<u64> {
    let mut planned = PlannedTrials::new(Cow::Borrowed(run));
    read_lines(folder, TRIALS_FILE, (0, 0), |number, line| {
        let trial = parse(folder, number, line)?;
        planned.check(&trial).map_err(|reason| malformed(folder, number, reason))?;
        each(trial);
        Ok(())
    })
}

pub(crate) fn parse(folder: &Folder, number: usize, line: &[u8]) -> Result<TrialRecord> {
    serde_json::from_slice(line).map_err(|error| malformed(folder, number, error.to_string()))
}

pub(crate) fn malformed(folder: &Folder, line: usize, reason: String) -> RunDirectoryError {
    RunDirectoryError::Malformed { path: folder.path_of(TRIALS_FILE), line, reason }
}

/// Writes a JSON file atomically, and to the storage.
pub(crate) fn replace(folder: &Folder, name: &str, contents: &impl Serialize) -> Result<()> {
    let text = serde_json::to_string_pretty(contents).expect("a record is plain data");
    let text = format!("{}\n", visible::json(&text));
    folder.replace(name, |file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
}
