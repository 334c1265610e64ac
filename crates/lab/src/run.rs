//! The life of a run: trials in order, each appended as it ends.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use linux_net::TimerWheel;
use run_record::{KernelRules, RunDirectory, RunRecord, SysctlValues, TrialRecord};
use scenario::{Cell, Plan, PlannedTrial};

use crate::backend::{Backend, TestbedSpec};
use crate::error::{LabError, Result};
use crate::kernel_rules;
use crate::turns::{self, Turn, Turns};
use crate::under_way::UnderWay;

/// Somebody who is told how a run goes.
pub trait Progress {
    /// A trial begins.
    fn trial_begins(&mut self, trial: &PlannedTrial, cell: &Cell);
    /// A trial has ended, and is in the run directory.
    fn trial_ended(&mut self, record: &TrialRecord);
}

/// A run about to begin, or to go on.
pub struct Run<'a> {
    /// What is to be done.
    pub plan: &'a Plan,
    /// What makes the hosts.
    pub backend: &'a dyn Backend,
    /// Becomes true when the user wants the run to end.
    pub interrupted: &'a AtomicBool,
}

/// A run that can go on: its directory, and what is in it.
#[derive(Debug)]
pub struct Begun {
    /// Open for appending.
    pub directory: RunDirectory,
    /// Its record.
    pub record: RunRecord,
    /// The trials that it has; none of a run that begins.
    pub done: Vec<TrialRecord>,
}

/// What a run came to.
#[derive(Debug)]
pub struct RunEnd {
    /// Its directory.
    pub path: PathBuf,
    /// Its record.
    pub record: RunRecord,
    /// Every trial that it has, those of before a resume included.
    pub trials: Vec<TrialRecord>,
}

impl Run<'_> {
    /// Makes a testbed of each kind that the run needs, to know before its
    /// first trial whether the kernel takes every sysctl's value; the sysctls in
    /// force in the first of them.
    ///
    /// # Errors
    /// The first that cannot be made, and a cell that needs it.
    pub fn try_testbeds(&self) -> std::result::Result<SysctlValues, (usize, LabError)> {
        let mut tried = Vec::new();
        let mut in_force = None;
        for cell in &self.plan.cells {
            if self.is_interrupted() {
                return Err((cell.index, LabError::Interrupted));
            }
            let spec = TestbedSpec::of(&cell.settings);
            let planned = self.plan.trials.iter().find(|trial| trial.cell == cell.index);
            let trial = planned.map_or(0, |trial| trial.id);
            if tried.contains(&spec) {
                continue;
            }
            let effective =
                self.backend.testbed(&spec, trial).and_then(|bed| bed.effective_sysctls());
            let effective = effective.map_err(|error| (cell.index, error))?;
            in_force.get_or_insert(effective);
            tried.push(spec);
        }
        Ok(in_force.unwrap_or_default())
    }

    /// Finds out by trying which of the kernel's rules hold here that differ
    /// between kernels.
    ///
    /// # Errors
    /// When a testbed or a part fails, or the user wants an end.
    pub fn find_kernel_rules(&self) -> Result<KernelRules> {
        let first = self.plan.trials.first().map_or(0, |trial| trial.id);
        kernel_rules::find(self.backend, first).map_err(|error| self.told(error))
    }

    /// Does the trials that are not done yet, and then again those that did not
    /// hold, as often as the run's record allows.
    ///
    /// # Errors
    /// When the run cannot go on, or is interrupted. The trials that ended
    /// before are in the run directory.
    pub fn execute(&self, begun: Begun, progress: &mut dyn Progress) -> Result<RunEnd> {
        let [end] = execute([(self, begun)], progress)?;
        Ok(end)
    }

    /// Does the trials that are not done yet of this run and of another one of
    /// the same plan, each right before or after the other's: whatever mood the
    /// machine is in is in both. Which of the two comes first alternates from one
    /// repetition of a cell to the next.
    ///
    /// # Errors
    /// As [`Run::execute`].
    pub fn execute_beside(
        &self,
        begun: Begun,
        other: &Run<'_>,
        others: Begun,
        progress: &mut dyn Progress,
    ) -> Result<[RunEnd; 2]> {
        execute([(self, begun), (other, others)], progress)
    }

    /// Whatever breaks when the user wants an end breaks because of that; and of
    /// another build it is told that it is that one's.
    pub(crate) fn told(&self, error: LabError) -> LabError {
        match (self.is_interrupted(), self.backend.build()) {
            (true, _) => LabError::Interrupted,
            (false, Some(build)) => {
                LabError::OfBuild { build: build.name, source: Box::new(error) }
            }
            (false, None) => error,
        }
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

/// Does what runs of the same plan lack, interleaved.
fn execute<const N: usize>(
    runs: [(&Run<'_>, Begun); N],
    progress: &mut dyn Progress,
) -> Result<[RunEnd; N]> {
    let sides = runs.each_ref().map(|(run, _)| *run);
    let plan = sides[0].plan;
    let mut under_way = runs.map(|(run, begun)| UnderWay::new(run, begun));
    let rules = under_way[0].kernel_rules().clone();
    let mut due = interleaved(plan, under_way.each_ref().map(UnderWay::due));
    let wheel = if due.is_empty() { None } else { TimerWheel::find() };
    let live = under_way.each_ref().map(UnderWay::live);
    let turns = Turns { runs: &sides, rules: &rules, wheel: wheel.as_ref(), live: &live };
    while !due.is_empty() {
        let ended = |side: usize, finished, progress: &mut dyn Progress| {
            under_way[side].keep(finished, progress)
        };
        match plan.scenario.side_by_side {
            true => turns.side_by_side(&due, progress, ended)?,
            false => turns.in_turn(&due, progress, ended)?,
        }
        due = interleaved(plan, under_way.each_ref().map(UnderWay::due));
    }
    drop(live);
    let mut ends = Vec::with_capacity(N);
    for run in under_way {
        ends.push(run.finish()?);
    }
    Ok(ends.try_into().expect("each run has one end"))
}

/// What is due of each side, in the plan's order: a trial of one side beside the
/// same trial of the others. Trials that run side by side do so with their own
/// side's.
fn interleaved<const N: usize>(plan: &Plan, due: [Vec<PlannedTrial>; N]) -> Vec<Turn> {
    let due = due.map(|trials| -> HashMap<u32, PlannedTrial> {
        trials.into_iter().map(|planned| (planned.id, planned)).collect()
    });
    let together = if plan.scenario.side_by_side { turns::AT_ONCE } else { 1 };
    let mut turns = Vec::new();
    for planned in plan.trials.chunks(together) {
        let first = planned[0].cell + planned[0].repetition as usize;
        for step in 0..N {
            let side = (first + step) % N;
            let due = planned.iter().filter_map(|planned| due[side].get(&planned.id));
            turns.extend(due.map(|&planned| Turn { side, planned }));
        }
    }
    turns
}
