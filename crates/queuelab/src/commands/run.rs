//! `queuelab run`: a scenario, run and summed up; or each of a suite; or two
//! builds of the program against each other.

mod against;
mod suite;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use jiff::Timestamp;
use lab::{Backend, Begun, Docker, DockerError, LabError, Needs, Netns, Run, RunEnd};
use run_record::{
    Axis, Overrides, RunDirectory, RunRecord, SCHEMA_VERSION, ScenarioRecord, SuiteDirectory, Tool,
    Tries,
};
use scenario::{Plan, Suite};
use signal_hook::consts::{SIGINT, SIGTERM};

use super::{answer, plan};
use crate::cli::{BackendName, RunArguments};
use crate::error::{CommandError, Result};
use crate::exit::Exit;
use crate::progress;

/// Runs a scenario, or each of a suite, or goes on with a run.
pub(crate) fn run(arguments: &RunArguments) -> Result {
    let source = arguments.scenario.as_deref().map(scenario::find).transpose()?;
    let suite = source.as_ref().map(Suite::of).transpose()?.flatten();
    if let (Some(suite), Some(path)) = (&suite, &arguments.resume) {
        return Err(CommandError::Usage(format!(
            "failed to resume {}: {} is a suite, which has no run of its own; resume its \
             scenarios' runs one by one, each with `queuelab run --resume RUN`",
            path.display(),
            suite.name
        )));
    }
    if let Some(path) = arguments.resume.as_ref().filter(|path| SuiteDirectory::is_one(path)) {
        return Err(CommandError::Usage(format!(
            "failed to resume {}: it is a suite's directory; resume its scenarios' runs one by \
             one, each with `queuelab run --resume RUN`",
            path.display()
        )));
    }
    let name = backend_name(arguments)?;
    if name == BackendName::Netns {
        // Before anything starts a thread: a user namespace can be entered
        // only by a process that has none.
        linux_net::enter_user_namespace()?;
    }
    let interrupted = interruption()?;
    if let (Some(suite), Some(source)) = (suite, source) {
        return suite::run(&suite, &source, arguments, name, &interrupted);
    }
    if let Some(asked) = against::asked(arguments)? {
        return against::run(arguments, &asked, name, &interrupted);
    }
    let end = one(arguments, name, &interrupted).map_err(|broken_off| *broken_off.error)?;
    let held = run_record::all_held(&end.trials);
    sum_up(end)?;
    Ok(if held { Exit::Held } else { Exit::Failed })
}

/// Prints what a run found, and writes its files for people and for CI.
fn sum_up(end: RunEnd) -> Result<report::Run> {
    let run = report::Run::new(end.record, end.trials);
    answer(&report::summary(&run))?;
    super::report::write(&run, &end.path)?;
    answer(&format!(
        "\nRun directory: {}\nReport: {}",
        end.path.display(),
        end.path.join("report.html").display()
    ))?;
    Ok(run)
}

/// A scenario that came to no end.
struct BrokenOff {
    error: Box<CommandError>,
    /// Its run's directory; none where it did not come so far.
    path: Option<PathBuf>,
}

impl<E: Into<CommandError>> From<E> for BrokenOff {
    fn from(error: E) -> Self {
        Self { error: Box::new(error.into()), path: None }
    }
}

/// Runs one scenario to its end.
fn one(
    arguments: &RunArguments,
    backend: BackendName,
    interrupted: &AtomicBool,
) -> std::result::Result<RunEnd, BrokenOff> {
    let backend: Box<dyn Backend> = match backend {
        BackendName::Netns => Box::new(Netns::new()?),
        BackendName::Docker => Box::new(Docker::connect().map_err(LabError::Docker)?),
    };
    let begun = match &arguments.resume {
        Some(path) => resumed(path, arguments.scenario.as_deref(), backend.as_ref())?,
        None => begun(arguments, backend.as_ref(), interrupted)?,
    };
    let (plan, begun) = begun;
    let path = begun.directory.path().to_owned();
    let (planned, before) = (plan.trials.len() as u64, Tries::of(&begun.done).len() as u64);
    let run = Run { plan: &plan, backend: backend.as_ref(), interrupted };
    let mut progress = progress::progress(planned, before);
    let end = run.execute(begun, progress.as_mut());
    drop(progress);
    end.map_err(|error| {
        tell_what_is_kept(&error, &[&path], planned, "");
        BrokenOff { path: Some(path), ..error.into() }
    })
}

/// After a run that came to no end: what there is of it, and how to go on. The
/// first of the directories is the one to go on with, with these flags.
fn tell_what_is_kept(error: &LabError, paths: &[&Path], planned: u64, flags: &str) {
    let kept =
        |path: &&Path| RunDirectory::read(path).map_or(0, |(_, trials)| Tries::of(&trials).len());
    let kept: usize = paths.iter().map(kept).sum();
    let what = if matches!(error, LabError::Interrupted) { "interrupted" } else { "stopped" };
    let places: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    anstream::eprintln!(
        "{what}: {kept} of {planned} trials are kept in {}\n\
         go on with: queuelab run --resume {}{flags}",
        places.join(" and "),
        places[0]
    );
}

/// The backend that was asked for; else the one that a run to go on with has
/// had.
fn backend_name(arguments: &RunArguments) -> Result<BackendName> {
    match (arguments.backend, &arguments.resume) {
        (Some(name), _) => Ok(name),
        (None, None) => Ok(BackendName::Netns),
        (None, Some(run)) => {
            let recorded = RunDirectory::read(run)?.0.backend.name;
            BackendName::from_str(&recorded, false).map_err(|_| {
                CommandError::Usage(format!(
                    "failed to resume {}: it ran on the backend {recorded}, which this build does \
                     not have",
                    run.display()
                ))
            })
        }
    }
}

fn begun(
    arguments: &RunArguments,
    backend: &dyn Backend,
    interrupted: &AtomicBool,
) -> Result<(Plan, Begun)> {
    let overrides = plan::overrides(&arguments.changes);
    let name = arguments.scenario.as_deref().expect("clap requires it without --resume");
    let plan = plan::plan(name, &overrides, arguments.changes.seed)?;
    let record = new_record(&plan, overrides, arguments.retry, backend, interrupted)?;
    let directory = RunDirectory::create(&arguments.out, &record)?;
    Ok((plan, Begun { directory, record, done: Vec::new() }))
}

/// The record of a run that begins: its testbeds have been tried.
fn new_record(
    plan: &Plan,
    overrides: Overrides,
    retries: u32,
    backend: &dyn Backend,
    interrupted: &AtomicBool,
) -> Result<RunRecord> {
    backend.make_room(&Needs::of(plan))?;
    let run = Run { plan, backend, interrupted };
    let tried = run
        .try_testbeds()
        .map_err(|(cell, error)| refused(plan, cell, error))
        .and_then(|sysctls| Ok((sysctls, run.find_kernel_rules()?)));
    if interrupted.load(Ordering::Relaxed) {
        anstream::eprintln!("interrupted before the first trial: nothing was done");
        return Err(LabError::Interrupted.into());
    }
    let (sysctls, kernel_rules) = tried?;
    Ok(RunRecord {
        schema_version: SCHEMA_VERSION,
        scenario: ScenarioRecord {
            name: plan.scenario.name.clone(),
            question: plan.scenario.question.clone(),
            resolved: plan.resolved.clone(),
            overrides,
        },
        seed: plan.seed,
        axes: axes(plan),
        planned_trials: plan.trials.len() as u32,
        retries,
        tool: tool(),
        build: backend.build(),
        interleaved: None,
        machine: lab::machine(),
        backend: backend.describe(),
        sysctls,
        kernel_rules,
        started: Timestamp::now(),
        ended: None,
        resumed: Vec::new(),
    })
}

/// This program.
pub(super) fn tool() -> Tool {
    Tool {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: option_env!("QUEUELAB_COMMIT").map(str::to_owned),
    }
}

/// A testbed that could not be made: where the kernel refused a sysctl's value,
/// that is the scenario's fault, and told at its place there.
fn refused(plan: &Plan, cell: usize, error: LabError) -> CommandError {
    let sysctl = match &error {
        LabError::Sysctl { host, source } => {
            source.name().map(|name| (*host, name.to_string(), format!("failed to {source}")))
        }
        LabError::Docker(DockerError::SysctlRefused { host, name, words }) => {
            Some((*host, name.clone(), format!("the Docker engine says: {words}")))
        }
        _ => None,
    };
    match sysctl {
        Some((host, name, reason)) => {
            plan.refused(cell, &format!("hosts.{host}.sysctls.{name}"), reason).into()
        }
        None => error.into(),
    }
}

fn resumed(path: &Path, name: Option<&str>, backend: &dyn Backend) -> Result<(Plan, Begun)> {
    let (directory, mut record, done) = RunDirectory::resume(path)?;
    let recorded = &record.scenario;
    let refuse = |why: String| {
        let path = path.display();
        Err(CommandError::Usage(format!(
            "failed to resume {path}: {why}; run the scenario anew, without --resume"
        )))
    };
    let plan = match name {
        Some(name) => plan::plan(name, &recorded.overrides, Some(record.seed))?,
        // What was planned then, whatever has become of its file.
        None => plan::recorded_plan(path, &record)?,
    };
    if plan.resolved != recorded.resolved || axes(&plan) != record.axes {
        let changed = plan.scenario.name == recorded.name;
        let why = if changed { ", whose file has changed since" } else { "" };
        return refuse(format!("it is a run of another scenario ({}{why})", recorded.name));
    }
    let (here, there) = (lab::machine().kernel, &record.machine.kernel);
    if here != *there {
        return refuse(format!("it ran on kernel {there}, and this is {here}"));
    }
    let (here, there) = (backend.describe().name, &record.backend.name);
    if here != *there {
        return refuse(format!("it ran on the backend {there}, and this is {here}"));
    }
    backend.make_room(&Needs::of(&plan))?;
    record.resumed.push(Timestamp::now());
    let now = backend.describe();
    if now != record.backend {
        // Another build of the program, or of the engine: both are told.
        let version = now.version.map_or(String::new(), |version| format!("{version}, "));
        record.backend.details += &format!("; resumed with {version}{}", now.details);
    }
    directory.write_run(&record)?;
    Ok((plan, Begun { directory, record, done }))
}

fn axes(plan: &Plan) -> Vec<Axis> {
    let axis =
        |axis: &scenario::Axis| Axis { path: axis.path.clone(), values: axis.values.clone() };
    plan.axes.iter().map(axis).collect()
}

/// Becomes true at the first Ctrl-C or SIGTERM; a second one ends the process
/// at once, and the kernel its parts and namespaces with it.
fn interruption() -> Result<Arc<AtomicBool>> {
    let flag = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        let code = Exit::Interrupted as i32;
        signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&flag))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&flag)))
            .map_err(|source| CommandError::Io {
                action: "watch for signals".to_owned(),
                source,
            })?;
    }
    Ok(flag)
}
