//! Which trials run when: one after the other, or side by side.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, mpsc};

use linux_net::TimerWheel;
use run_record::KernelRules;
use scenario::PlannedTrial;
use worker::RESPONSE_TIMEOUT;

use crate::backend::TestbedSpec;
use crate::error::{LabError, Result};
use crate::live::LiveRun;
use crate::run::{Progress, Run};
use crate::trial::{Finished, Trial, Wanted};

/// Trials that run at once, where they run side by side: each is two hosts, a
/// server and a load, which wait, and a probe, which gets its part of what one
/// probe alone may use.
pub(crate) const AT_ONCE: usize = 16;

/// A trial, and whose it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    /// Its run, of those that are interleaved.
    pub(crate) side: usize,
    pub(crate) planned: PlannedTrial,
}

/// The trials of runs of the same plan, and what they are told.
#[derive(Clone, Copy)]
pub(crate) struct Turns<'a> {
    pub(crate) runs: &'a [&'a Run<'a>],
    pub(crate) rules: &'a KernelRules,
    pub(crate) wheel: Option<&'a TimerWheel>,
    /// Where each shows what it does.
    pub(crate) live: &'a [LiveRun],
}

/// Somebody who gets each trial of each side as it ends.
type Ended<'a> = dyn FnMut(usize, Result<Finished>, &mut dyn Progress) -> Result<()> + 'a;

/// The trials that run beside a trial.
#[derive(Debug)]
pub(crate) struct Others {
    /// How many run together, with it.
    pub(crate) number: usize,
    /// Those that are not ready for their load yet.
    preparing: Mutex<usize>,
    changed: Condvar,
    ending: AtomicBool,
}

impl Others {
    fn new(trials: usize) -> Self {
        let preparing = Mutex::new(trials);
        Self { number: trials, preparing, changed: Condvar::new(), ending: AtomicBool::new(false) }
    }

    /// One of them is ready, or will never be.
    fn is_ready(&self) {
        let mut preparing = self.preparing.lock().expect("nobody panics while counting");
        *preparing = preparing.saturating_sub(1);
        self.changed.notify_all();
    }

    /// Waits until all of them are ready. Called once by each.
    pub(crate) fn await_ready(&self) {
        self.is_ready();
        let preparing = self.preparing.lock().expect("nobody panics while counting");
        let all = self
            .changed
            .wait_timeout_while(preparing, RESPONSE_TIMEOUT, |preparing| *preparing > 0);
        drop(all);
    }

    /// Ends them all.
    fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
    }

    /// Whether one has failed, and the others are to end.
    pub(crate) fn are_ending(&self) -> bool {
        self.ending.load(Ordering::Relaxed)
    }
}

impl<'a> Turns<'a> {
    /// Runs one after the other; `ended` gets each as it ends.
    ///
    /// # Errors
    /// The first of `ended`, or when the user wants an end.
    pub(crate) fn in_turn(
        self,
        turns: &[Turn],
        progress: &mut dyn Progress,
        mut ended: impl FnMut(usize, Result<Finished>, &mut dyn Progress) -> Result<()>,
    ) -> Result<()> {
        for (position, turn) in turns.iter().enumerate() {
            let run = self.runs[turn.side];
            if run.is_interrupted() {
                return Err(LabError::Interrupted);
            }
            progress.trial_begins(&turn.planned, &run.plan.cells[turn.planned.cell]);
            let next = turns.get(position + 1).map(|next| self.wanted(next));
            ended(turn.side, self.trial(turn, next).run(), progress)?;
        }
        Ok(())
    }

    /// Runs so many of a side at once, and then the next so many; `ended` gets
    /// them in the order in which they end. None begins its load before all that
    /// run with it have their testbeds: to make one takes time from whoever
    /// counts in milliseconds. After a failure those that run are ended.
    ///
    /// # Errors
    /// The first of `ended`, or when the user wanted an end before the last.
    pub(crate) fn side_by_side(
        self,
        turns: &[Turn],
        progress: &mut dyn Progress,
        mut ended: impl FnMut(usize, Result<Finished>, &mut dyn Progress) -> Result<()>,
    ) -> Result<()> {
        for of_a_side in turns.chunk_by(|one, next| one.side == next.side) {
            for together in of_a_side.chunks(AT_ONCE) {
                if self.runs[together[0].side].is_interrupted() {
                    return Err(LabError::Interrupted);
                }
                self.together(together, progress, &mut ended)?;
            }
        }
        Ok(())
    }

    fn together(
        self,
        turns: &[Turn],
        progress: &mut dyn Progress,
        ended: &mut Ended<'_>,
    ) -> Result<()> {
        let others = Others::new(turns.len());
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            for turn in turns {
                let cells = &self.runs[turn.side].plan.cells;
                progress.trial_begins(&turn.planned, &cells[turn.planned.cell]);
                let (sender, others) = (sender.clone(), &others);
                // Each thread outlives the parts of its trial: the kernel ends
                // them with the thread that started them.
                scope.spawn(move || {
                    let trial = Trial { others: Some(others), ..self.trial(turn, None) };
                    let finished = trial.run();
                    others.is_ready();
                    let _ = sender.send((turn.side, finished));
                });
            }
            drop(sender);
            let mut first_error = None;
            for (side, finished) in receiver {
                if let Err(error) = ended(side, finished, progress) {
                    others.end();
                    first_error.get_or_insert(error);
                }
            }
            first_error.map_or(Ok(()), Err)
        })
    }

    fn trial<'t>(&'t self, turn: &'t Turn, next: Option<Wanted<'t>>) -> Trial<'t> {
        let run = self.runs[turn.side];
        let plan = run.plan;
        Trial {
            backend: run.backend,
            cell: &plan.cells[turn.planned.cell],
            planned: &turn.planned,
            next,
            expectations: &plan.expectations,
            rules: self.rules,
            wheel: self.wheel,
            server_may_die: plan.scenario.server_may_die,
            timeline: plan.scenario.record.timelines,
            others: None,
            live: &self.live[turn.side],
            interrupted: run.interrupted,
        }
    }

    fn wanted(&self, turn: &Turn) -> Wanted<'a> {
        let run = self.runs[turn.side];
        let spec = TestbedSpec::of(&run.plan.cells[turn.planned.cell].settings);
        Wanted { backend: run.backend, spec, trial: turn.planned.id }
    }
}
