//! The life of a run: trials in order, each appended as it ends.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use linux_net::SysctlName;
use run_record::{RunDirectory, RunRecord, SysctlValues, TrialRecord};
use scenario::{Cell, Plan, PlannedTrial};

use crate::backend::{Backend, TestbedSpec};
use crate::error::{LabError, Result};
use crate::trial::{Finished, Trial};
use crate::{invariants, machine};

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

/// Trials that run at once, where they run side by side: each is two hosts and
/// three processes, which wait.
const AT_ONCE: usize = 16;

/// What a thread that runs trials tells.
enum Step<'a> {
    Begins(&'a PlannedTrial),
    Ended(Result<Finished>),
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
                finished.map_err(|error| match self.is_interrupted() {
                    // Whatever broke, it broke because the user wanted an end.
                    true => LabError::Interrupted,
                    false => error,
                })?;
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
        match self.plan.scenario.side_by_side {
            true => self.side_by_side(&missing, progress, ended)?,
            false => self.in_turn(&missing, progress, ended)?,
        }
        directory.finish(&mut record)?;
        Ok(RunEnd { path: directory.path().to_owned(), record, trials })
    }

    fn in_turn(
        &self,
        missing: &[&PlannedTrial],
        progress: &mut dyn Progress,
        mut ended: impl FnMut(Result<Finished>, &mut dyn Progress) -> Result<()>,
    ) -> Result<()> {
        for (position, planned) in missing.iter().enumerate() {
            if self.is_interrupted() {
                return Err(LabError::Interrupted);
            }
            progress.trial_begins(planned, &self.plan.cells[planned.cell]);
            let next = missing.get(position + 1).map(|next| self.wanted(next));
            ended(self.trial(planned, next).run(), progress)?;
        }
        Ok(())
    }

    /// Runs trials that only wait, so many at once; what has ended is kept, in
    /// the order in which it ends. After a failure no other trial begins, and
    /// those that run are heard to their end.
    fn side_by_side(
        &self,
        missing: &[&PlannedTrial],
        progress: &mut dyn Progress,
        mut ended: impl FnMut(Result<Finished>, &mut dyn Progress) -> Result<()>,
    ) -> Result<()> {
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for _ in 0..missing.len().min(AT_ONCE) {
                let (sender, next, failed) = (sender.clone(), &next, &failed);
                scope.spawn(move || {
                    while !failed.load(Ordering::Relaxed) && !self.is_interrupted() {
                        let taken = missing.get(next.fetch_add(1, Ordering::Relaxed));
                        let Some(planned) = taken else { break };
                        // This thread outlives the trial's parts, which end with
                        // the thread that started them.
                        let _ = sender.send(Step::Begins(planned));
                        let _ = sender.send(Step::Ended(self.trial(planned, None).run()));
                    }
                });
            }
            drop(sender);
            let (mut first_error, mut kept) = (None, 0);
            for step in receiver {
                let result = match step {
                    Step::Begins(planned) => {
                        progress.trial_begins(planned, &self.plan.cells[planned.cell]);
                        Ok(())
                    }
                    Step::Ended(finished) => ended(finished, progress).inspect(|()| kept += 1),
                };
                if let Err(error) = result {
                    failed.store(true, Ordering::Relaxed);
                    first_error.get_or_insert(error);
                }
            }
            match first_error {
                Some(error) => Err(error),
                None if kept < missing.len() => Err(LabError::Interrupted),
                None => Ok(()),
            }
        })
    }

    fn trial<'t>(
        &'t self,
        planned: &'t PlannedTrial,
        next: Option<(TestbedSpec, u32)>,
    ) -> Trial<'t> {
        Trial {
            backend: self.backend,
            cell: &self.plan.cells[planned.cell],
            planned,
            next,
            expectations: &self.plan.expectations,
            server_may_die: self.plan.scenario.server_may_die,
            interrupted: self.interrupted,
        }
    }

    /// The testbed that a trial will want.
    fn wanted(&self, trial: &PlannedTrial) -> (TestbedSpec, u32) {
        (TestbedSpec::of(&self.plan.cells[trial.cell].settings), trial.id)
    }

    fn is_interrupted(&self) -> bool {
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
