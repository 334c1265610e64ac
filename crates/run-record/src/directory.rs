//! The run directory: create, append, resume, read.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::io_error;
use crate::{
    AttemptRow, ExecutionId, Interleaved, InterleavedRole, RunDirectoryError, RunRecord,
    RunVerdict, SCHEMA_VERSION, TimelineRow, TrialRecord, lock, version,
};

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
    /// Makes `ROOT/<scenario>/<UTC time>/`, a name that nothing else has: two
    /// runs begun in the same second get different ones.
    ///
    /// # Errors
    /// When the directory or its files cannot be written.
    pub fn create(root: &Path, run: &RunRecord) -> Result<Self> {
        let path = new_folder(&root.join(&run.scenario.name), run.started)?;
        Self::begin(path, run)
    }

    /// Makes the directories of two runs that are interleaved: that of the new one
    /// as [`RunDirectory::create`] does, and that of its baseline beside it, with
    /// `-base` at its name's end. Both records say so from the start.
    ///
    /// # Errors
    /// When a directory or its files cannot be written.
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

    /// Opens a run to go on with it, and what it has. A last line that a crash
    /// cut short is dropped: its trial counts as not done.
    ///
    /// # Errors
    /// When it is no run directory, is of a newer version, or is damaged
    /// anywhere but in its last line.
    pub fn resume(path: &Path) -> Result<(Self, RunRecord, Vec<TrialRecord>)> {
        // What this build appends is of its own version, and may change the verdict.
        let run =
            RunRecord { schema_version: SCHEMA_VERSION, verdict: None, ..Self::read_run(path)? };
        let trials = open_trials(path)?;
        let (done, whole_bytes) = read_trials(path)?;
        trials
            .set_len(whole_bytes)
            .map_err(|source| io_error("shorten", &path.join(TRIALS_FILE), source))?;
        Ok((Self { path: path.to_owned(), trials }, run, done))
    }

    /// Reads a run, finished or not.
    ///
    /// # Errors
    /// As [`RunDirectory::resume`].
    pub fn read(path: &Path) -> Result<(RunRecord, Vec<TrialRecord>)> {
        Ok((Self::read_run(path)?, read_trials(path)?.0))
    }

    /// The trials from byte `from` of their file on, where an earlier call had
    /// ended (0 at first), and where this one ends: for whoever follows a run.
    ///
    /// # Errors
    /// When they cannot be read, or are damaged.
    pub fn read_trials_from(path: &Path, from: u64) -> Result<(Vec<TrialRecord>, u64)> {
        let (trials, whole_bytes) = read_trials_from(path, from)?;
        Ok((trials, from + whole_bytes))
    }

    /// Whether somebody runs it now. To ask takes no lock: a run that begins or
    /// goes on meanwhile does not notice. False where it cannot be read.
    pub fn is_running(path: &Path) -> bool {
        File::open(path.join(TRIALS_FILE)).is_ok_and(|trials| lock::is_taken(&trials))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends a trial and makes sure that it outlives a crash of the lab.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, trial: &TrialRecord) -> Result<()> {
        let mut line = serde_json::to_vec(trial).expect("a trial is plain data");
        line.push(b'\n');
        self.trials
            .write_all(&line)
            .and_then(|()| self.trials.sync_data())
            .map_err(|source| io_error("append to", &self.path.join(TRIALS_FILE), source))
    }

    /// Writes a trial's attempts to `attempts/<trial>.csv`; of a retry, to
    /// `attempts/<trial>-retry-<n>.csv`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_attempts(&self, trial: impl Into<ExecutionId>, rows: &[AttemptRow]) -> Result<()> {
        write_rows(&table(&self.path, "attempts", trial.into()), rows)
    }

    /// Writes what the probe of a trial saw to `timelines/<trial>.csv`; of a
    /// retry, to `timelines/<trial>-retry-<n>.csv`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_timeline(
        &self,
        trial: impl Into<ExecutionId>,
        rows: &[TimelineRow],
    ) -> Result<()> {
        write_rows(&table(&self.path, "timelines", trial.into()), rows)
    }

    /// Reads what the probe of a trial saw; none where no timeline was kept.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    pub fn read_timeline(
        path: &Path,
        trial: impl Into<ExecutionId>,
    ) -> Result<Option<Vec<TimelineRow>>> {
        read_rows(&table(path, "timelines", trial.into()))
    }

    /// Reads a trial's attempts; none where no rows of them were kept.
    ///
    /// # Errors
    /// When they cannot be read, or are damaged.
    pub fn read_attempts(
        path: &Path,
        trial: impl Into<ExecutionId>,
    ) -> Result<Option<Vec<AttemptRow>>> {
        read_rows(&table(path, "attempts", trial.into()))
    }

    /// Replaces `run.json`, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_run(&self, run: &RunRecord) -> Result<()> {
        replace(&self.path.join(RUN_FILE), run)
    }

    /// Records the end of the run, with the verdict on its trials.
    ///
    /// # Errors
    /// When its trials cannot be read, or the record cannot be written.
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
        match run.misfit() {
            None => Ok(run),
            Some(reason) => {
                let line = text.lines().position(|line| line.contains("\"axes\""));
                let line = line.map_or(1, |line| line + 1);
                Err(RunDirectoryError::Malformed { path: file, line, reason })
            }
        }
    }
}

/// Makes `PARENT/<UTC time>/`, a name that nothing else has: of two begun in the
/// same second the later one's ends in `-2`.
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

/// Writes a file of JSON, whole or not at all.
pub(crate) fn replace(target: &Path, contents: &impl Serialize) -> Result<()> {
    let partial = target.with_added_extension("partial");
    let mut text = serde_json::to_string_pretty(contents).expect("a record is plain data");
    text.push('\n');
    fs::write(&partial, text)
        .and_then(|()| fs::rename(&partial, target))
        .map_err(|source| io_error("write", target, source))
}

/// Where a trial's rows of one kind are.
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
                // Its own words name the line again.
                let reason = match &kind {
                    csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
                    csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                        format!("it has {len} fields, and the header has {expected_len}")
                    }
                    csv::ErrorKind::Utf8 { err, .. } => err.to_string(),
                    _ => "it is no CSV".to_owned(),
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

/// Opens the trials for appending, for this process alone.
fn open_trials(path: &Path) -> Result<File> {
    let file = path.join(TRIALS_FILE);
    let trials = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&file)
        .map_err(|source| io_error("open", &file, source))?;
    match lock::take(&trials) {
        Ok(true) => Ok(trials),
        Ok(false) => Err(RunDirectoryError::Busy(path.to_owned())),
        Err(source) => Err(io_error("lock", &file, source)),
    }
}

/// The trials, and the length in bytes of the lines that are whole.
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
    let mut whole_bytes = 0;
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
            return Err(malformed(format!("trial {} is there already", trial.execution_id())));
        }
        trials.push(trial);
        whole_bytes += line.len() as u64;
    }
    Ok((trials, whole_bytes))
}
