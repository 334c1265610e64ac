//! Two builds of the program, with interleaved trials: the most reliable comparison.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use run_record::{Folder, Interleaved, InterleavedRole, RunDirectory};
use scenario::ScenarioFile;

use super::begin::{self, new_record};
use super::error::{Result, SessionError};
use super::event::{Notice, Observer, SessionEvent};
use super::execution::{self, Side};
use super::finished::Finished;
use super::planning::{plan, recorded_changes};
use super::request::{Against, Allowed, RunRequest};
use super::{resume, servers};
use crate::active_run::ActiveRun;
use crate::backend::{Backend, BackendKind};
use crate::backends;
use crate::build::{BuildError, BuildFile};
use crate::error::LabError;

/// Two runs to resume, and the build of the second.
pub(super) struct InterleavedRuns {
    new: PathBuf,
    baseline: PathBuf,
    build: String,
}

/// Both runs of a pair, from the directory of one; `None` if it is not part of a pair.
/// The other build must be named again: nothing that a run directory names is executed,
/// because it may come from another machine.
///
/// # Errors
/// If the other build is not named, or there is none, or the directory is that
/// of the baseline.
pub(super) fn resumed(path: &Path, against: Option<&Against>) -> Result<Option<InterleavedRuns>> {
    let record = RunDirectory::read_record(path)?;
    let refuse =
        |why: String| Err(SessionError::Request(format!("resume {}: {why}", path.display())));
    let Some(Interleaved { role, with }) = &record.interleaved else {
        return match against {
            Some(_) => refuse("it ran without another build; remove --against".to_owned()),
            None => Ok(None),
        };
    };
    // `.` has no parent.
    let canonical = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let path = if path.file_name().is_some() { path } else { &canonical };
    let parent = path.parent().unwrap_or(Path::new(""));
    let other = parent.join(with);
    // Not if it is a link: both runs are written to.
    if Folder::open(parent)?.folder(with)?.is_none() {
        return refuse(format!("the other run, {}, is not there", other.display()));
    }
    let (new, base) = match role {
        InterleavedRole::New => (path, other.as_path()),
        InterleavedRole::Baseline => (other.as_path(), path),
    };
    let base_record = RunDirectory::read_record(base)?;
    let ran = base_record.build.map_or_else(|| "BINARY_OR_IMAGE".to_owned(), |build| build.name);
    let hint = format!("continue with `queuelab run --resume {} --against {ran}`", new.display());
    match (role, against) {
        (InterleavedRole::Baseline, _) => refuse(format!(
            "it is the baseline of another run, and their trials are interleaved; {hint}"
        )),
        (InterleavedRole::New, None) => {
            refuse(format!("its trials are interleaved with those of another build; {hint}"))
        }
        (InterleavedRole::New, Some(against)) => Ok(Some(InterleavedRuns {
            new: path.to_owned(),
            baseline: other.clone(),
            build: against.build.clone(),
        })),
    }
}

/// Begins two runs and completes both.
///
/// # Errors
/// If they cannot begin or continue.
pub(super) fn begin(
    file: &ScenarioFile,
    changes: &scenario::Overrides,
    request: &RunRequest,
    against: &Against,
    kind: &dyn BackendKind,
    interrupted: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Finished> {
    let mut changes = changes.clone();
    let mut planned = plan(file, &changes)?;
    let repeat = planned.scenario.repeat.get();
    if changes.repeat.is_none() && repeat < against.min_repetitions {
        changes.repeat = Some(against.min_repetitions);
        changes.seed = Some(planned.seed);
        planned = plan(file, &changes)?;
        observer.event(SessionEvent::Notice(Notice::RepetitionsRaised {
            from: repeat,
            to: against.min_repetitions,
            trials: 2 * planned.trials.len() as u64,
        }));
    }
    observer.event(SessionEvent::Planned);
    let [own, other] = connect(kind, &against.build)?;
    for backend in [&own, &other] {
        servers::require(&planned, request.allow_commands, backend.as_ref(), observer)?;
    }
    let overrides = recorded_changes(&changes, request);
    let recorded = begin::Request {
        overrides: &overrides,
        retries: request.retries,
        disturbed_retries: request.disturbed_retries,
        tool: &request.tool,
    };
    // This build's image first: building it removes images of earlier runs.
    let mut new = new_record(&planned, &recorded, own.as_ref(), interrupted, observer)?;
    let mut base = new_record(&planned, &recorded, other.as_ref(), interrupted, observer)?;
    // Both have the same kernel.
    base.kernel_rules = new.kernel_rules.clone();
    new.build = Some(this_build(&request.tool.version)?);
    let [new_directory, base_directory] =
        RunDirectory::create_pair(&request.out, &mut new, &mut base)?;
    let sides = [
        Side {
            run: ActiveRun::new(&planned, new_directory, new, Vec::new()),
            backend: own.as_ref(),
        },
        Side {
            run: ActiveRun::new(&planned, base_directory, base, Vec::new()),
            backend: other.as_ref(),
        },
    ];
    finish(sides, &against.build, interrupted, observer)
}

/// Resumes two runs and completes both.
///
/// # Errors
/// As [`begin`], and if a build is not the one that ran before.
pub(super) fn resume(
    runs: &InterleavedRuns,
    file: Option<&ScenarioFile>,
    allowed: Allowed,
    kind: &dyn BackendKind,
    version: &str,
    interrupted: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Finished> {
    let [own, other] = connect(kind, &runs.build)?;
    for (path, is) in [(&runs.new, Some(this_build(version)?)), (&runs.baseline, other.build())] {
        let was = RunDirectory::read_record(path)?.build;
        let hash = |build: Option<run_record::Build>| build.and_then(|build| build.hash);
        if hash(was) != hash(is) {
            return Err(SessionError::Request(format!(
                "resume {}: the build that it ran has changed since; start a new run, without --resume",
                path.display()
            )));
        }
    }
    let new = resume::resume(&runs.new, file, allowed, own.as_ref(), observer)?;
    let base = resume::resume(&runs.baseline, file, allowed, other.as_ref(), observer)?;
    observer.event(SessionEvent::Planned);
    let plan = &new.plan;
    let sides = [
        Side {
            run: ActiveRun::new(plan, new.directory, new.record, new.done),
            backend: own.as_ref(),
        },
        Side {
            run: ActiveRun::new(plan, base.directory, base.record, base.done),
            backend: other.as_ref(),
        },
    ];
    finish(sides, &runs.build, interrupted, observer)
}

fn finish(
    sides: [Side<'_>; 2],
    build: &str,
    interrupted: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<Finished> {
    let [new, baseline] = execution::execute(sides, Some(build), interrupted, observer)?;
    Ok(Finished::Pair { new: Box::new(new), baseline: Box::new(baseline) })
}

/// The backend with workers of this build, and with those of the other.
fn connect(kind: &dyn BackendKind, build: &str) -> Result<[Box<dyn Backend>; 2]> {
    let build = kind.find_build(build).map_err(|error| with_hint(error, kind))?;
    Ok([kind.connect(None)?, kind.connect(Some(build))?])
}

/// If a build is not a file, it may be an image.
fn with_hint(error: BuildError, kind: &dyn BackendKind) -> SessionError {
    let with_images = backends::all().iter().find(|other| other.runs_images());
    match (&error, with_images) {
        (BuildError::Unreadable { path, .. }, Some(other))
            if !kind.runs_images() && !path.exists() =>
        {
            SessionError::Request(format!(
                "{error}; an image, if it is one, needs `--backend {}`",
                other.name()
            ))
        }
        _ => LabError::from(error).into(),
    }
}

/// This program, the build that is compared with the other.
fn this_build(version: &str) -> Result<run_record::Build> {
    Ok(BuildFile::running(version).map_err(LabError::from)?)
}
