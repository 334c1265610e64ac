//! One run of one scenario, by one build.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use run_record::RunDirectory;
use scenario::ScenarioFile;

use super::begin::{self, new_record};
use super::error::SessionError;
use super::event::{Observer, SessionEvent};
use super::execution::{self, Side};
use super::planning::{plan, recorded_changes};
use super::request::{Allowed, RunRequest};
use super::{resume, servers};
use crate::active_run::ActiveRun;
use crate::backend::BackendKind;
use crate::finished_run::FinishedRun;

/// A run that was not completed.
pub(super) struct Stopped {
    pub(super) error: Box<SessionError>,
    /// The run's directory; `None` if the run did not start.
    pub(super) path: Option<PathBuf>,
}

impl<E: Into<SessionError>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self { error: Box::new(error.into()), path: None }
    }
}

type Result<T> = std::result::Result<T, Stopped>;

/// Begins a run of a scenario with changes and completes it. The scenario and the changes
/// are separate from the request, because a suite has its own for each run.
///
/// # Errors
/// If it cannot begin or continue.
pub(super) fn begin(
    file: &ScenarioFile,
    changes: &scenario::Overrides,
    request: &RunRequest,
    backend: &dyn BackendKind,
    interrupted: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<FinishedRun> {
    let plan = plan(file, changes)?;
    observer.event(SessionEvent::Planned);
    let backend = backend.connect(None)?;
    servers::require(&plan, request.allow_commands, backend.as_ref(), observer)?;
    let overrides = recorded_changes(changes, request);
    let recorded = begin::Request {
        overrides: &overrides,
        retries: request.retries,
        disturbed_retries: request.disturbed_retries,
        tool: &request.tool,
    };
    let record = new_record(&plan, &recorded, backend.as_ref(), interrupted, observer)?;
    let directory = RunDirectory::create(&request.out, &record)?;
    let run = ActiveRun::new(&plan, directory, record, Vec::new());
    finish(Side { run, backend: backend.as_ref() }, interrupted, observer)
}

/// Resumes a run and completes it.
///
/// # Errors
/// As [`begin`].
pub(super) fn resume(
    path: &Path,
    file: Option<&ScenarioFile>,
    allowed: Allowed,
    backend: &dyn BackendKind,
    interrupted: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<FinishedRun> {
    let backend = backend.connect(None)?;
    let resume::Resumed { plan, directory, record, done } =
        resume::resume(path, file, allowed, backend.as_ref(), observer)?;
    observer.event(SessionEvent::Planned);
    let run = ActiveRun::new(&plan, directory, record, done);
    finish(Side { run, backend: backend.as_ref() }, interrupted, observer)
}

fn finish(
    side: Side<'_>,
    interrupted: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<FinishedRun> {
    let path = side.run.path().to_owned();
    let finished = execution::execute([side], None, interrupted, observer);
    let [finished] =
        finished.map_err(|error| Stopped { error: Box::new(error.into()), path: Some(path) })?;
    Ok(finished)
}
