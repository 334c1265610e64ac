//! The life of a run: trials in order, each appended as it ends.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use linux_net::{SysctlName, TimerWheel};
use run_record::{KernelRules, RunDirectory, RunRecord, SysctlValues, TrialRecord};
use scenario::{Cell, Plan, PlannedTrial};

use crate::backend::{Backend, TestbedSpec};
use crate::error::{LabError, Result};
use crate::trial::Finished;
use crate::turns::Turns;
use crate::{invariants, kernel_rules, machine};

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
        kernel_rules::find(self.backend, first).map_err(|error| self.or_interruption(error))
    }

    /// Does the trials that are not done yet.
    ///
    /// # Errors
    /// When the run cannot go on, or is interrupted. The trials that ended
    /// before are in the run directory.
    pub fn execute(
        &self,
        mut directory: RunDirectory,
        mut record: RunRecord,
        done: Vec<TrialRecord>,
        progress: &mut dyn Progress,
    ) -> Result<RunEnd> {
        let watched = self.watched_sysctls();
        let own_before = machine::own_sysctls(&watched);
        let done_ids: HashSet<u32> = done.iter().map(|trial| trial.id).collect();
        let mut trials = done;
        let missing: Vec<_> =
            self.plan.trials.iter().filter(|trial| !done_ids.contains(&trial.id)).collect();
        let ended = |finished: Result<Finished>, progress: &mut dyn Progress| -> Result<()> {
            let Finished { mut record, attempts } =
                finished.map_err(|error| self.or_interruption(error))?;
            let untouched =
                invariants::host_untouched(&own_before, &machine::own_sysctls(&watched));
            record.invariants.push(untouched);
            if self.plan.scenario.record.attempts {
                directory.write_attempts(record.id, &attempts)?;
            }
            directory.append(&record)?;
            progress.trial_ended(&record);
            trials.push(record);
            Ok(())
        };
        let rules = record.kernel_rules.clone();
        let wheel = if missing.is_empty() { None } else { TimerWheel::find() };
        let turns = Turns { run: self, rules: &rules, wheel: wheel.as_ref() };
        match self.plan.scenario.side_by_side {
            true => turns.side_by_side(&missing, progress, ended)?,
            false => turns.in_turn(&missing, progress, ended)?,
        }
        directory.finish(&mut record)?;
        Ok(RunEnd { path: directory.path().to_owned(), record, trials })
    }

    /// Whatever breaks when the user wants an end breaks because of that.
    fn or_interruption(&self, error: LabError) -> LabError {
        if self.is_interrupted() { LabError::Interrupted } else { error }
    }

    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    fn watched_sysctls(&self) -> BTreeSet<SysctlName> {
        let set = self.plan.cells.iter().flat_map(|cell| {
            let hosts = &cell.settings.hosts;
            hosts.server.sysctls.keys().chain(hosts.client.sysctls.keys())
        });
        machine::watched_sysctls(set.map(String::as_str))
    }
}
