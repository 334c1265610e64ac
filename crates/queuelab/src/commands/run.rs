//! `queuelab run`: a scenario, run and summed up; or each of a suite.

mod suite;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use jiff::Timestamp;
use lab::{Backend, Docker, DockerError, LabError, Needs, Netns, Run, RunEnd};
use run_record::{
    Agreement, Axis, RunDirectory, RunRecord, SCHEMA_VERSION, ScenarioRecord, Tool, TrialRecord,
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
    let suite = match &arguments.scenario {
        Some(scenario) => Suite::of(&scenario::find(scenario)?)?,
        None => None,
    };
    if let (Some(suite), Some(path)) = (&suite, &arguments.resume) {
        return Err(CommandError::Usage(format!(
            "failed to resume {}: {} is a suite, which has no run of its own; resume its \
             scenarios' runs one by one, each with `queuelab run --resume RUN`",
            path.display(),
            suite.name
        )));
    }
    let name = backend_name(arguments)?;
    if name == BackendName::Netns {
        // Before anything starts a thread: a user namespace can be entered
        // only by a process that has none.
        linux_net::enter_user_namespace()?;
    }
    let interrupted = interruption()?;
    if let Some(suite) = suite {
        return suite::run(&suite, arguments, name, &interrupted);
    }
    let end = one(arguments, name, &interrupted)?;
    let held = held(&end.trials);
    let run = report::Run::new(end.record, end.trials);
    answer(&report::summary(&run))?;
    super::report::write(&run, &end.path)?;
    answer(&format!(
        "\nRun directory: {}\nReport: {}",
        end.path.display(),
        end.path.join("report.html").display()
    ))?;
    Ok(if held { Exit::Held } else { Exit::Failed })
}

/// Whether everything held that was checked, in each trial and in all of them
/// together.
fn held(trials: &[TrialRecord]) -> bool {
    let agrees = |agreement: &Agreement| agreement.held() != Some(false);
    trials.iter().all(TrialRecord::held) && Agreement::of(trials).iter().all(agrees)
}

/// Runs one scenario to its end.
fn one(
    arguments: &RunArguments,
    backend: BackendName,
    interrupted: &AtomicBool,
) -> std::result::Result<RunEnd, CommandError> {
    let backend: Box<dyn Backend> = match backend {
        BackendName::Netns => Box::new(Netns::new()?),
        BackendName::Docker => Box::new(Docker::connect().map_err(LabError::Docker)?),
    };
    let begun = match &arguments.resume {
        Some(path) => resumed(path, arguments.scenario.as_deref(), backend.as_ref())?,
        None => begun(arguments, backend.as_ref(), interrupted)?,
    };
    let Begun { plan, directory, record, done } = begun;
    let path = directory.path().to_owned();
    let (planned, before) = (plan.trials.len() as u64, done.len() as u64);
    let run = Run { plan: &plan, backend: backend.as_ref(), interrupted };
    let mut progress = progress::progress(planned, before);
    let end = run.execute(directory, record, done, progress.as_mut());
    drop(progress);
    Ok(end.inspect_err(|error| {
        let kept = RunDirectory::read(&path).map_or(0, |(_, trials)| trials.len());
        let what = if matches!(error, LabError::Interrupted) { "interrupted" } else { "stopped" };
        anstream::eprintln!(
            "{what}: {kept} of {planned} trials are kept in {path}\n\
             go on with: queuelab run --resume {path}",
            path = path.display()
        );
    })?)
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

struct Begun {
    plan: Plan,
    directory: RunDirectory,
    record: RunRecord,
    done: Vec<TrialRecord>,
}

fn begun(
    arguments: &RunArguments,
    backend: &dyn Backend,
    interrupted: &AtomicBool,
) -> Result<Begun> {
    let name = arguments.scenario.as_deref().expect("clap requires it without --resume");
    let overrides = plan::overrides(&arguments.changes);
    let plan = plan::plan(name, &overrides, arguments.changes.seed)?;
    backend.make_room(&Needs::of(&plan))?;
    let run = Run { plan: &plan, backend, interrupted };
    let tried = run
        .try_testbeds()
        .map_err(|(cell, error)| refused(&plan, cell, error))
        .and_then(|sysctls| Ok((sysctls, run.find_kernel_rules()?)));
    if interrupted.load(Ordering::Relaxed) {
        anstream::eprintln!("interrupted before the first trial: nothing was done");
        return Err(LabError::Interrupted.into());
    }
    let (sysctls, kernel_rules) = tried?;
    let record = RunRecord {
        schema_version: SCHEMA_VERSION,
        scenario: ScenarioRecord {
            name: plan.scenario.name.clone(),
            question: plan.scenario.question.clone(),
            resolved: plan.resolved.clone(),
            overrides,
        },
        seed: plan.seed,
        axes: axes(&plan),
        planned_trials: plan.trials.len() as u32,
        tool: Tool {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: option_env!("QUEUELAB_COMMIT").map(str::to_owned),
        },
        machine: lab::machine(),
        backend: backend.describe(),
        sysctls,
        kernel_rules,
        started: Timestamp::now(),
        ended: None,
        resumed: Vec::new(),
    };
    let directory = RunDirectory::create(&arguments.out, &record)?;
    Ok(Begun { plan, directory, record, done: Vec::new() })
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

fn resumed(path: &Path, name: Option<&str>, backend: &dyn Backend) -> Result<Begun> {
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
    Ok(Begun { plan, directory, record, done })
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
