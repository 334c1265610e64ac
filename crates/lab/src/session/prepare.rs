//! From a request to a session: what to run, on which backend.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use run_record::{RunDirectory, SuiteDirectory};
use scenario::{Document, LoadedSuite, Overrides, ScenarioFile};

use super::error::{Result, SessionError};
use super::event::Observer;
use super::finished::Finished;
use super::request::{Allowed, RunRequest, Target};
use super::{pair, single, suite};
use crate::backend::BackendKind;
use crate::backends;

/// A session that can start: its files are read, and its process is prepared.
pub struct Session {
    request: RunRequest,
    work: Work,
    backend: &'static dyn BackendKind,
}

/// The work of a session.
pub(super) enum Work {
    /// A new run of a scenario, with changes.
    Scenario(ScenarioFile, Overrides),
    /// A new run of each scenario of a suite, with changes to all of them.
    Suite(LoadedSuite, Overrides),
    /// The rest of a run, with another file of its scenario if one is named.
    Resume { path: PathBuf, file: Option<ScenarioFile>, allow_large: bool },
}

impl Session {
    /// Reads the files of the request, and prepares this process for its backend. Call it
    /// before the process starts a thread: a backend may have to enter a user namespace.
    ///
    /// # Errors
    /// If the request is invalid, or the backend cannot run here.
    pub fn prepare(request: RunRequest) -> Result<Self> {
        let work = work(&request.target)?;
        let backend = backend(&request)?;
        backend.prepare_process()?;
        Ok(Self { request, work, backend })
    }

    /// As [`Session::prepare`], with a backend that is not in the registry.
    ///
    /// # Errors
    /// As [`Session::prepare`].
    pub fn prepare_with(request: RunRequest, backend: &'static dyn BackendKind) -> Result<Self> {
        let work = work(&request.target)?;
        backend.prepare_process()?;
        Ok(Self { request, work, backend })
    }

    /// Runs it to its end. `interrupted` becomes true when the user interrupts.
    ///
    /// # Errors
    /// If a run cannot start or continue. Its finished trials are recorded. A
    /// suite continues with its next scenario instead.
    pub fn run(self, interrupted: &AtomicBool, observer: &mut dyn Observer) -> Result<Finished> {
        let Self { request, work, backend } = self;
        match work {
            Work::Suite(suite, changes) => {
                let finished =
                    suite::run(&suite, &changes, &request, backend, interrupted, observer)?;
                Ok(Finished::Suite(Box::new(finished)))
            }
            Work::Scenario(file, changes) => match &request.against {
                Some(against) => {
                    pair::begin(&file, &changes, &request, against, backend, interrupted, observer)
                }
                None => {
                    let run =
                        single::begin(&file, &changes, &request, backend, interrupted, observer);
                    Ok(Finished::Run(Box::new(run.map_err(|stopped| *stopped.error)?)))
                }
            },
            Work::Resume { path, file, allow_large } => {
                let allowed = Allowed { large: allow_large, commands: request.allow_commands };
                match pair::resumed(&path, request.against.as_ref())? {
                    Some(runs) => {
                        let version = &request.tool.version;
                        pair::resume(
                            &runs,
                            file.as_ref(),
                            allowed,
                            backend,
                            version,
                            interrupted,
                            observer,
                        )
                    }
                    None => {
                        let file = file.as_ref();
                        let run =
                            single::resume(&path, file, allowed, backend, interrupted, observer);
                        Ok(Finished::Run(Box::new(run.map_err(|stopped| *stopped.error)?)))
                    }
                }
            }
        }
    }
}

fn work(target: &Target) -> Result<Work> {
    let name = match target {
        Target::New { scenario, .. } => Some(scenario),
        Target::Resume { scenario, .. } => scenario.as_ref(),
    };
    let document = name.map(|name| scenario::load(name)).transpose()?;
    match (target, document) {
        (Target::New { changes, .. }, Some(Document::Suite(file))) => {
            Ok(Work::Suite(file.load()?, changes.clone()))
        }
        (Target::New { changes, .. }, Some(Document::Scenario(file))) => {
            Ok(Work::Scenario(file, changes.clone()))
        }
        (Target::New { .. }, None) => unreachable!("a new run names its scenario"),
        (Target::Resume { run, .. }, Some(Document::Suite(file))) => Err(not_resumable(
            run,
            &format!("{} is a suite, which is not a single run", file.load()?.suite.name),
        )),
        (Target::Resume { run, .. }, _) if SuiteDirectory::exists_at(run) => {
            Err(not_resumable(run, "it is a suite's directory"))
        }
        (Target::Resume { run, allow_large, .. }, Some(Document::Scenario(file))) => {
            Ok(Work::Resume { path: run.clone(), file: Some(file), allow_large: *allow_large })
        }
        (Target::Resume { run, allow_large, .. }, None) => {
            Ok(Work::Resume { path: run.clone(), file: None, allow_large: *allow_large })
        }
    }
}

fn not_resumable(run: &Path, why: &str) -> SessionError {
    SessionError::Request(format!(
        "resume {}: {why}; resume the runs of its scenarios individually, each with `queuelab run \
         --resume RUN`",
        run.display()
    ))
}

/// The requested backend; or that of the run to resume; or the default one.
fn backend(request: &RunRequest) -> Result<&'static dyn BackendKind> {
    if let Some(name) = &request.backend {
        let unknown =
            || SessionError::Request(format!("use the backend {name}: no backend has that name"));
        return backends::find(name).ok_or_else(unknown);
    }
    let Target::Resume { run, .. } = &request.target else { return Ok(backends::default()) };
    let recorded = RunDirectory::read_record(run)?.backend.name;
    backends::find(&recorded).ok_or_else(|| {
        SessionError::Request(format!(
            "resume {}: it ran on the backend {recorded}, which this build does not have",
            run.display()
        ))
    })
}
