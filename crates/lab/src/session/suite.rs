//! A suite: its scenarios in sequence.

use std::sync::atomic::AtomicBool;

use run_record::{
    Machine, MemberRecord, MemberVerdict, RunDirectory, RunVerdict, SCHEMA_VERSION, SuiteDirectory,
    SuiteRecord, wall_time,
};
use scenario::{LoadedSuite, Overrides, Planner, Suite, SuiteMember};

use super::error::{Result, SessionError};
use super::event::{Observer, SessionEvent};
use super::finished::FinishedSuite;
use super::request::RunRequest;
use super::single::{self, Stopped};
use crate::backend::BackendKind;
use crate::clock::{Clock, SystemClock};
use crate::running_kernel::RunningKernel;

/// Runs each scenario, even if earlier ones failed, until the user interrupts. Each has
/// its own run directory. The suite's directory exists from the beginning, so a crash
/// loses no run.
///
/// # Errors
/// If the suite or a change of it is invalid, or its directory cannot be
/// written.
pub(super) fn run(
    loaded: &LoadedSuite,
    changes: &Overrides,
    request: &RunRequest,
    backend: &dyn BackendKind,
    interrupted: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<FinishedSuite> {
    let suite = &loaded.suite;
    check_request(suite, changes, request)?;
    // An invalid last scenario is reported before the first one runs.
    loaded.plans(changes.allow_large, &mut Planner::new(&RunningKernel))?;
    observer.event(SessionEvent::Planned);
    let mut record = new_record(suite, request, backend);
    let directory = SuiteDirectory::create(&request.out, &record)?;
    let mut is_interrupted = false;
    for (position, (member, file)) in suite.suite.iter().zip(&loaded.scenarios).enumerate() {
        let total = suite.suite.len();
        let scenario = member.scenario.as_str();
        observer.event(SessionEvent::MemberStarted { scenario, position, total });
        let started = SystemClock.now();
        let changes = member_changes(member, suite, changes);
        let end = single::begin(file, &changes, request, backend, interrupted, observer);
        let seconds = (SystemClock.now() - started).as_secs_f64();
        let recorded = &mut record.members[position];
        recorded.seconds = (seconds * 1e3).round() / 1e3;
        match end {
            Ok(finished) => {
                recorded.problem = None;
                let verdict = finished.record.verdict.as_ref();
                recorded.verdict =
                    verdict.map_or(MemberVerdict::Failed, RunVerdict::member_verdict);
                recorded.trials = finished.trials.len() as u32;
                recorded.run = Some(SuiteDirectory::relative_run_path(&finished.path));
                record.backend = finished.record.backend.clone();
                directory.write(&record)?;
                observer.event(SessionEvent::MemberFinished(Box::new(finished)));
            }
            Err(Stopped { error, path }) => {
                is_interrupted = error.is_interruption();
                recorded.problem = Some(match is_interrupted {
                    true => "interrupted".to_owned(),
                    false => error.to_string(),
                });
                if let SessionError::NoServer(_) = *error {
                    recorded.verdict = MemberVerdict::Skipped;
                    directory.write(&record)?;
                    observer.event(SessionEvent::MemberSkipped { reason: error.to_string() });
                    continue;
                }
                let mut trials_failed = false;
                if let Some(path) = &path {
                    // Trials that failed before the stop are still failures.
                    recorded.run = Some(SuiteDirectory::relative_run_path(path));
                    if let Ok((run, trials)) = RunDirectory::read(path) {
                        recorded.trials = trials.len() as u32;
                        trials_failed = RunVerdict::new(&run, &trials).verdict.is_failed();
                    }
                }
                directory.write(&record)?;
                if is_interrupted {
                    break;
                }
                observer.event(SessionEvent::MemberFailed { error: *error, trials_failed });
            }
        }
    }
    if !is_interrupted {
        directory.finish(&mut record)?;
    }
    Ok(FinishedSuite { path: directory.path().to_owned(), record, is_interrupted })
}

fn check_request(suite: &Suite, changes: &Overrides, request: &RunRequest) -> Result<()> {
    let name = &suite.name;
    let names = suite.names().join(", ");
    let refuse = |why: String| Err(SessionError::Request(why));
    if request.against.is_some() {
        return refuse(format!(
            "run {name} against another build: it is a suite; name one of its scenarios: {names}"
        ));
    }
    if !changes.set.is_empty() || !changes.only.is_empty() {
        return refuse(format!(
            "run {name}: it is a suite, and --set and --only apply to one scenario; its \
             scenarios are {names}"
        ));
    }
    Ok(())
}

/// The changes of one scenario of a suite. The request's changes apply to all scenarios
/// and take precedence over the suite's own.
fn member_changes(member: &SuiteMember, suite: &Suite, changes: &Overrides) -> Overrides {
    let own = member.overrides(suite);
    Overrides {
        quick: own.quick || changes.quick,
        repeat: changes.repeat.or(own.repeat),
        seed: changes.seed,
        allow_large: changes.allow_large,
        ..own
    }
}

/// The record of a suite before its first scenario.
fn new_record(suite: &Suite, request: &RunRequest, backend: &dyn BackendKind) -> SuiteRecord {
    let not_started = |member: &SuiteMember| MemberRecord {
        scenario: member.scenario.clone(),
        verdict: MemberVerdict::NotRun,
        run: None,
        problem: Some("it was not started".to_owned()),
        seconds: 0.0,
        trials: 0,
    };
    SuiteRecord {
        schema_version: SCHEMA_VERSION,
        suite: suite.name.clone(),
        question: suite.question.clone(),
        started: wall_time(),
        ended: None,
        tool: request.tool.clone(),
        machine: Machine::current(),
        backend: run_record::Backend {
            name: backend.name().to_owned(),
            version: None,
            details: String::new(),
        },
        members: suite.suite.iter().map(not_started).collect(),
        verdict: None,
    }
}
