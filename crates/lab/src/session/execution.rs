//! Executes active runs to their end: schedule, execute, record, until no trial is due.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use linux_net::TimerWheel;
use run_record::{DisturbanceThresholds, ExecutionId, KernelRules, RunDirectory};
use scenario::Plan;

use super::event::{Observer, SessionEvent, StoppedRun};
use crate::active_run::ActiveRun;
use crate::backend::{Backend, Purpose, TestbedSpec};
use crate::error::{LabError, Result};
use crate::executor::{self, TrialRunner, TrialSink};
use crate::finished_run::FinishedRun;
use crate::live::LiveRun;
use crate::schedule::{self, ScheduledTrial};
use crate::start_barrier::StartBarrier;
use crate::trial::{self, NextTestbed, TrialContext, TrialOutput};

/// An active run, and the backend of its hosts.
pub(super) struct Side<'a> {
    pub(super) run: ActiveRun<'a>,
    pub(super) backend: &'a dyn Backend,
}

/// Runs the due trials of the sides, which have the same plan. `against` is the build of
/// the second side.
///
/// # Errors
/// If a trial cannot be run, or the user interrupts. Finished trials are in the
/// run directories.
pub(super) fn execute<const N: usize>(
    sides: [Side<'_>; N],
    against: Option<&str>,
    interrupted: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<[FinishedRun; N]> {
    let directories = sides.each_ref().map(|side| side.run.path().to_owned());
    let planned = sides.iter().map(|side| side.run.plan().trials.len() as u64).sum();
    let done = sides.iter().map(|side| side.run.done() as u64).sum();
    observer.event(SessionEvent::RunStarted { planned, done });
    let finished = execute_sides(sides, interrupted, observer);
    match &finished {
        Ok(_) => observer.event(SessionEvent::RunFinished),
        Err(error) => observer.event(SessionEvent::RunStopped(StoppedRun {
            is_interrupted: matches!(error, LabError::Interrupted),
            recorded: count_recorded(&directories),
            planned,
            directories: directories.into(),
            against: against.map(str::to_owned),
        })),
    }
    finished
}

/// Planned trials that are in the directories.
fn count_recorded(directories: &[PathBuf]) -> u64 {
    let in_directory = |path: &PathBuf| {
        RunDirectory::read_each(path, |_, _| ()).map_or(0, |run| u64::from(run.verdict.trials))
    };
    directories.iter().map(in_directory).sum()
}

fn execute_sides<const N: usize>(
    sides: [Side<'_>; N],
    interrupted: &AtomicBool,
    observer: &mut dyn Observer,
) -> Result<[FinishedRun; N]> {
    let plan = sides[0].run.plan();
    let rules = sides[0].run.record().kernel_rules.clone();
    // Those that were recorded with the run: a resumed run keeps its thresholds.
    let thresholds = sides[0].run.record().disturbance_thresholds;
    let thresholds = thresholds.unwrap_or(DisturbanceThresholds::CURRENT);
    let backends = sides.each_ref().map(|side| side.backend);
    let mut runs = sides.map(|side| side.run);
    let live = runs.each_ref().map(|run| LiveRun::new(run.folder().clone()));
    let mut due = runs.each_ref().map(ActiveRun::due);
    let is_done = |due: &[Vec<_>]| due.iter().all(Vec::is_empty);
    let wheel = if is_done(&due) { None } else { backends[0].timer_wheel() };
    let runner = Runner {
        plan,
        backends: &backends,
        live: &live,
        rules: &rules,
        thresholds: &thresholds,
        wheel: wheel.as_ref(),
        interrupted,
    };
    while !is_done(&due) {
        let batches = schedule::batches(&plan.trials, &due, plan.scenario.side_by_side);
        let mut sink = Recorder { runs: &mut runs, backends: &backends, interrupted, observer };
        executor::execute(&batches, &runner, &mut sink)?;
        due = runs.each_ref().map(ActiveRun::due);
    }
    drop(live);
    let mut finished = Vec::with_capacity(N);
    for run in runs {
        finished.push(run.finish()?);
    }
    Ok(finished.try_into().expect("each run finishes once"))
}

/// Runs a trial of any side.
struct Runner<'a> {
    plan: &'a Plan,
    backends: &'a [&'a dyn Backend],
    live: &'a [LiveRun],
    rules: &'a KernelRules,
    thresholds: &'a DisturbanceThresholds,
    wheel: Option<&'a TimerWheel>,
    interrupted: &'a AtomicBool,
}

impl TrialRunner for Runner<'_> {
    type Output = TrialOutput;

    fn run(
        &self,
        trial: &ScheduledTrial,
        next: Option<&ScheduledTrial>,
        barrier: Option<&StartBarrier>,
    ) -> Result<TrialOutput> {
        let plan = self.plan;
        let next = next.map(|next| NextTestbed {
            backend: self.backends[next.side],
            spec: TestbedSpec::from_settings(&plan.cells[next.planned.cell].settings),
            purpose: Purpose::Trial(ExecutionId {
                trial: next.planned.id,
                retry: next.planned.retry,
            }),
        });
        trial::run(&TrialContext {
            backend: self.backends[trial.side],
            cell: &plan.cells[trial.planned.cell],
            planned: &trial.planned,
            next,
            expectations: &plan.expectations,
            rules: self.rules,
            thresholds: self.thresholds,
            wheel: self.wheel,
            server_may_die: plan.scenario.server_may_die,
            timeline: plan.scenario.record.timelines,
            ledger: plan.scenario.record.ledger,
            barrier,
            live: &self.live[trial.side],
            interrupted: self.interrupted,
        })
    }

    fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// Records each trial in its run, and reports it.
struct Recorder<'r, 'a, 'o> {
    runs: &'r mut [ActiveRun<'a>],
    backends: &'r [&'a dyn Backend],
    interrupted: &'r AtomicBool,
    observer: &'o mut dyn Observer,
}

impl TrialSink<TrialOutput> for Recorder<'_, '_, '_> {
    fn started(&mut self, trial: &ScheduledTrial) {
        let cell = &self.runs[trial.side].plan().cells[trial.planned.cell];
        self.observer.event(SessionEvent::TrialStarted { trial: &trial.planned, cell });
    }

    fn finished(&mut self, trial: &ScheduledTrial, output: Result<TrialOutput>) -> Result<()> {
        let backend = self.backends[trial.side];
        let output = output.map_err(|error| error.attributed(backend, self.interrupted))?;
        let record = self.runs[trial.side].add(output)?;
        self.observer.event(SessionEvent::TrialFinished(record));
        Ok(())
    }
}
