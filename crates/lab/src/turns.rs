//! Which trials run when: one after the other, or side by side.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;

use linux_net::TimerWheel;
use run_record::KernelRules;
use scenario::PlannedTrial;

use crate::backend::TestbedSpec;
use crate::error::{LabError, Result};
use crate::run::{Progress, Run};
use crate::trial::{Finished, Trial};

/// Trials that run at once, where they run side by side: each is two hosts, a
/// server and a load, which wait, and a probe, which gets its part of what one
/// probe alone may use.
const AT_ONCE: usize = 16;

/// A run's trials, and what they are told.
#[derive(Clone, Copy)]
pub(crate) struct Turns<'a> {
    pub(crate) run: &'a Run<'a>,
    pub(crate) rules: &'a KernelRules,
    pub(crate) wheel: Option<&'a TimerWheel>,
}

/// What a thread that runs trials tells.
enum Step<'a> {
    Begins(&'a PlannedTrial),
    Ended(Box<Result<Finished>>),
}

impl<'a> Turns<'a> {
    /// Runs one after the other; `ended` gets each as it ends.
    ///
    /// # Errors
    /// The first of `ended`, or when the user wants an end.
    pub(crate) fn in_turn(
        self,
        trials: &[&PlannedTrial],
        progress: &mut dyn Progress,
        mut ended: impl FnMut(Result<Finished>, &mut dyn Progress) -> Result<()>,
    ) -> Result<()> {
        for (position, planned) in trials.iter().enumerate() {
            if self.run.is_interrupted() {
                return Err(LabError::Interrupted);
            }
            progress.trial_begins(planned, &self.run.plan.cells[planned.cell]);
            let next = trials.get(position + 1).map(|next| self.wanted(next));
            ended(self.trial(planned, next, 1).run(), progress)?;
        }
        Ok(())
    }

    /// Runs so many at once; `ended` gets them in the order in which they end.
    /// After a failure no other begins, and those that run are heard to their
    /// end.
    ///
    /// # Errors
    /// The first of `ended`, or when the user wanted an end before the last.
    pub(crate) fn side_by_side(
        self,
        trials: &[&PlannedTrial],
        progress: &mut dyn Progress,
        mut ended: impl FnMut(Result<Finished>, &mut dyn Progress) -> Result<()>,
    ) -> Result<()> {
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let (sender, receiver) = mpsc::channel();
        let at_once = trials.len().min(AT_ONCE);
        std::thread::scope(|scope| {
            for _ in 0..at_once {
                let (sender, next, failed) = (sender.clone(), &next, &failed);
                // Each thread outlives the parts of its trials: the kernel ends
                // them with the thread that started them.
                scope.spawn(move || {
                    while !failed.load(Ordering::Relaxed) && !self.run.is_interrupted() {
                        let taken = trials.get(next.fetch_add(1, Ordering::Relaxed));
                        let Some(planned) = taken else { break };
                        let _ = sender.send(Step::Begins(planned));
                        let finished = self.trial(planned, None, at_once).run();
                        let _ = sender.send(Step::Ended(Box::new(finished)));
                    }
                });
            }
            drop(sender);
            let (mut first_error, mut kept) = (None, 0);
            for step in receiver {
                let result = match step {
                    Step::Begins(planned) => {
                        progress.trial_begins(planned, &self.run.plan.cells[planned.cell]);
                        Ok(())
                    }
                    Step::Ended(finished) => ended(*finished, progress).inspect(|()| kept += 1),
                };
                if let Err(error) = result {
                    failed.store(true, Ordering::Relaxed);
                    first_error.get_or_insert(error);
                }
            }
            match first_error {
                Some(error) => Err(error),
                None if kept < trials.len() => Err(LabError::Interrupted),
                None => Ok(()),
            }
        })
    }

    fn trial<'t>(
        &'t self,
        planned: &'t PlannedTrial,
        next: Option<(TestbedSpec, u32)>,
        at_once: usize,
    ) -> Trial<'t> {
        let plan = self.run.plan;
        Trial {
            backend: self.run.backend,
            cell: &plan.cells[planned.cell],
            planned,
            next,
            at_once,
            expectations: &plan.expectations,
            rules: self.rules,
            wheel: self.wheel,
            server_may_die: plan.scenario.server_may_die,
            timeline: plan.scenario.record.timelines,
            interrupted: self.run.interrupted,
        }
    }

    /// The testbed that a trial will want.
    fn wanted(&self, trial: &PlannedTrial) -> (TestbedSpec, u32) {
        (TestbedSpec::of(&self.run.plan.cells[trial.cell].settings), trial.id)
    }
}
