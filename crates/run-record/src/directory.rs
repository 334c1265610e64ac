//! The run directory: create, append, resume, read.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::attempt::AttemptRow;
use crate::error::RunDirectoryError;
use crate::error::io_error;
use crate::execution_id::ExecutionId;
use crate::lock;
use crate::run::Interleaved;
use crate::run::InterleavedRole;
use crate::run::RunRecord;
use crate::run::SCHEMA_VERSION;
use crate::trial::TrialRecord;
use crate::verdict::RunVerdict;
use crate::version;
use worker::metrics::TimelineRow;

const RUN_FILE: &str = "run.json";
const TRIALS_FILE: &str = "trials.jsonl";

type Result<T> = std::result::Result<T, RunDirectoryError>;

/// One run's directory, open for appending.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    trials: File,
}

impl RunDirectory {
    /// Creates `ROOT/<scenario>/<UTC time>/`, with a unique name: two runs started in the
    /// same second get different ones.
    ///
    /// # Errors
    /// If the directory or its files cannot be written.
    pub fn create(root: &Path, run: &RunRecord) -> Result<Self> {
        let path = new_folder(&root.join(&run.scenario.name), run.started)?;
        Self::begin(path, run)
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
        let path = new_folder(&root.join(&new.scenario.name), new.started)?;
        let mut beside = path.clone().into_os_string();
        beside.push("-base");
        let beside = PathBuf::from(beside);
        fs::create_dir(&beside).map_err(|source| io_error("create", &beside, source))?;
        let with = |role, path: &Path| {
            let with = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Some(Interleaved { role, with })
        };
        new.interleaved = with(InterleavedRole::New, &beside);
        baseline.interleaved = with(InterleavedRole::Baseline, &path);
        Ok([Self::begin(path, new)?, Self::begin(beside, baseline)?])
    }

    fn begin(path: PathBuf, run: &RunRecord) -> Result<Self> {
        let trials = open_trials(&path)?;
        let directory = Self { path, trials };
        directory.write_run(run)?;
        Ok(directory)
    }

    /// Opens a run to continue it, and reads its record and trials. A last line that a
    /// crash truncated is dropped: its trial counts as not run.
    ///
    /// # Errors
    /// If it is not a run directory, has a newer version, or is damaged anywhere except in
    /// its last line.
    pub fn resume(path: &Path) -> Result<(Self, RunRecord, Vec<TrialRecord>)> {
        // Appended trials have this build's version and may change the verdict.
        let run =
            RunRecord { schema_version: SCHEMA_VERSION, verdict: None, ..Self::read_run(path)? };
        let trials = open_trials(path)?;
        let (done, complete_bytes) = read_trials(path)?;
        trials
            .set_len(complete_bytes)
            .map_err(|source| io_error("shorten", &path.join(TRIALS_FILE), source))?;
        Ok((Self { path: path.to_owned(), trials }, run, done))
    }

    /// Reads a run, finished or not.
    ///
    /// # Errors
    /// As for [`RunDirectory::resume`].
    pub fn read(path: &Path) -> Result<(RunRecord, Vec<TrialRecord>)> {
        Ok((Self::read_run(path)?, read_trials(path)?.0))
    }

    /// Reads the trials from byte `from` of their file, where the previous call ended (0 at
    /// first), and returns where this call ends. For following a run.
    ///
    /// # Errors
    /// If they cannot be read or are damaged.
    pub fn read_trials_from(path: &Path, from: u64) -> Result<(Vec<TrialRecord>, u64)> {
        let (trials, complete_bytes) = read_trials_from(path, from)?;
        Ok((trials, from + complete_bytes))
    }

    /// Whether a process is running it. This takes no lock, so it does not disturb a run
    /// that starts or continues meanwhile. False if it cannot be read.
    pub fn is_running(path: &Path) -> bool {
        File::open(path.join(TRIALS_FILE)).is_ok_and(|trials| lock::is_locked(&trials))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a trial and flushes it, so that it survives a crash of the lab.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn append(&mut self, trial: &TrialRecord) -> Result<()> {
        let mut line = serde_json::to_vec(trial).expect("a trial is plain data");
        line.push(b'\n');
        self.trials
            .write_all(&line)
            .and_then(|()| self.trials.sync_data())
            .map_err(|source| io_error("append to", &self.path.join(TRIALS_FILE), source))
    }

    /// Writes a trial's attempts to `attempts/<trial>.csv`; those of a retry to
    /// `attempts/<trial>-retry-<n>.csv`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_attempts(&self, trial: impl Into<ExecutionId>, rows: &[AttemptRow]) -> Result<()> {
        write_rows(&table(&self.path, "attempts", trial.into()), rows)
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
        write_rows(&table(&self.path, "timelines", trial.into()), rows)
    }

    /// Reads the samples of a trial's probe; `None` if no timeline was stored.
    ///
    /// # Errors
    /// If it cannot be read or is damaged.
    pub fn read_timeline(
        path: &Path,
        trial: impl Into<ExecutionId>,
    ) -> Result<Option<Vec<TimelineRow>>> {
        read_rows(&table(path, "timelines", trial.into()))
    }

    /// Reads a trial's attempts; `None` if none were stored.
    ///
    /// # Errors
    /// If they cannot be read or are damaged.
    pub fn read_attempts(
        path: &Path,
        trial: impl Into<ExecutionId>,
    ) -> Result<Option<Vec<AttemptRow>>> {
        read_rows(&table(path, "attempts", trial.into()))
    }

    /// Replaces `run.json` atomically.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write_run(&self, run: &RunRecord) -> Result<()> {
        replace(&self.path.join(RUN_FILE), run)
    }

    /// Records the end of the run and the verdict on its trials.
    ///
    /// # Errors
    /// If its trials cannot be read or the record cannot be written.
    pub fn finish(&self, run: &mut RunRecord) -> Result<()> {
        run.ended = Some(Timestamp::now());
        run.verdict = Some(RunVerdict::new(run, &read_trials(&self.path)?.0));
        self.write_run(run)
    }

    fn read_run(path: &Path) -> Result<RunRecord> {
        let file = path.join(RUN_FILE);
        let text = fs::read_to_string(&file).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => RunDirectoryError::NotARun(path.to_owned()),
            _ => io_error("read", &file, source),
        })?;
        let run: RunRecord = version::read(&file, &text)?;
        match run.invalid_axes() {
            None => Ok(run),
            Some(reason) => {
                let line = text.lines().position(|line| line.contains("\"axes\""));
                let line = line.map_or(1, |line| line + 1);
                Err(RunDirectoryError::Malformed { path: file, line, reason })
            }
        }
    }
}

/// Creates `PARENT/<UTC time>/` with a unique name: of two created in the same second, the
/// second one has the suffix `-2`.
pub(crate) fn new_folder(parent: &Path, started: Timestamp) -> Result<PathBuf> {
    fs::create_dir_all(parent).map_err(|source| io_error("create", parent, source))?;
    let stamp = started.strftime("%Y-%m-%dT%H-%M-%SZ").to_string();
    (0..)
        .map(|attempt: u32| match attempt {
            0 => parent.join(&stamp),
            n => parent.join(format!("{stamp}-{}", n + 1)),
        })
        .find_map(|path| match fs::create_dir(&path) {
            Ok(()) => Some(Ok(path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
            Err(source) => Some(Err(io_error("create", &path, source))),
        })
        .expect("an endless range finds a free name or fails")
}

/// Writes a JSON file atomically.
pub(crate) fn replace(target: &Path, contents: &impl Serialize) -> Result<()> {
    let partial = target.with_added_extension("partial");
    let mut text = serde_json::to_string_pretty(contents).expect("a record is plain data");
    text.push('\n');
    fs::write(&partial, text)
        .and_then(|()| fs::rename(&partial, target))
        .map_err(|source| io_error("write", target, source))
}

/// The path of a trial's rows of one kind.
fn table(run: &Path, kind: &str, trial: ExecutionId) -> PathBuf {
    run.join(kind).join(format!("{}.csv", trial.file_stem()))
}

fn read_rows<Row: DeserializeOwned>(path: &Path) -> Result<Option<Vec<Row>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(io_error("read", path, source)),
    };
    let rows: csv::Result<Vec<_>> = csv::Reader::from_reader(file).into_deserialize().collect();
    rows.map(Some).map_err(|error| {
        let line = error.position().map_or(1, |position| position.line() as usize);
        match error.into_kind() {
            csv::ErrorKind::Io(source) => io_error("read", path, source),
            kind => {
                // The error's own text would repeat the line.
                let reason = match &kind {
                    csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
                    csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                        format!("it has {len} fields, but the header has {expected_len}")
                    }
                    csv::ErrorKind::Utf8 { err, .. } => err.to_string(),
                    _ => "it is not CSV".to_owned(),
                };
                RunDirectoryError::Malformed { path: path.to_owned(), line, reason }
            }
        }
    })
}

fn write_rows(path: &Path, rows: &[impl Serialize]) -> Result<()> {
    let write = || -> io::Result<()> {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut writer = csv::Writer::from_path(path)?;
        for row in rows {
            writer.serialize(row)?;
        }
        writer.flush()
    };
    write().map_err(|source| io_error("write", path, source))
}

/// Opens the trials for appending, and locks them for this process.
fn open_trials(path: &Path) -> Result<File> {
    let file = path.join(TRIALS_FILE);
    let trials = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&file)
        .map_err(|source| io_error("open", &file, source))?;
    match lock::try_lock(&trials) {
        Ok(true) => Ok(trials),
        Ok(false) => Err(RunDirectoryError::Busy(path.to_owned())),
        Err(source) => Err(io_error("lock", &file, source)),
    }
}

/// The trials, and the length in bytes of the complete lines.
fn read_trials(path: &Path) -> Result<(Vec<TrialRecord>, u64)> {
    read_trials_from(path, 0)
}

fn read_trials_from(path: &Path, from: u64) -> Result<(Vec<TrialRecord>, u64)> {
    let file = path.join(TRIALS_FILE);
    let read = || -> io::Result<Vec<u8>> {
        let mut trials = File::open(&file)?;
        trials.seek(SeekFrom::Start(from))?;
        let mut text = Vec::new();
        trials.read_to_end(&mut text)?;
        Ok(text)
    };
    let text = match read() {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        Err(source) => return Err(io_error("read", &file, source)),
    };
    let mut trials = Vec::new();
    let mut ids = HashSet::new();
    let mut complete_bytes = 0;
    for (index, line) in text.split_inclusive(|&byte| byte == b'\n').enumerate() {
        if line.last() != Some(&b'\n') {
            break;
        }
        let malformed = |reason: String| RunDirectoryError::Malformed {
            path: file.clone(),
            line: index + 1,
            reason,
        };
        let trial: TrialRecord =
            serde_json::from_slice(line).map_err(|error| malformed(error.to_string()))?;
        if !ids.insert(trial.execution_id()) {
            return Err(malformed(format!("duplicate trial {}", trial.execution_id())));
        }
        trials.push(trial);
        complete_bytes += line.len() as u64;
    }
    Ok((trials, complete_bytes))
}
