//! Runs a schedule: trials in sequence, or a batch side by side.
//!
//! It is independent of backends and records: a [`TrialRunner`] runs a trial, and a
//! [`TrialSink`] takes its output. Tests replace both.

use std::sync::mpsc;

use crate::error::{LabError, Result};
use crate::schedule::{Batch, ScheduledTrial};
use crate::start_barrier::StartBarrier;

/// Runs single trials; several at the same time if they run side by side.
pub(crate) trait TrialRunner: Sync {
    /// The output of a trial.
    type Output: Send;

    /// Runs a trial. `next` is the trial after it, whose testbed may be prepared
    /// meanwhile; `barrier` is shared with the other trials of its batch.
    fn run(
        &self,
        trial: &ScheduledTrial,
        next: Option<&ScheduledTrial>,
        barrier: Option<&StartBarrier>,
    ) -> Result<Self::Output>;

    /// Whether the user has interrupted.
    fn is_interrupted(&self) -> bool;
}

/// Takes each trial as it ends, in the thread that called [`execute`].
pub(crate) trait TrialSink<Output> {
    /// A trial starts.
    fn started(&mut self, trial: &ScheduledTrial);

    /// A trial has ended.
    ///
    /// # Errors
    /// If the run cannot continue.
    fn finished(&mut self, trial: &ScheduledTrial, output: Result<Output>) -> Result<()>;
}

/// Runs every batch. After a failure the other trials of the batch are
/// ended, and no further batch is started.
///
/// # Errors
/// The first error of the sink, or [`LabError::Interrupted`] before the last
/// batch.
pub(crate) fn execute<R: TrialRunner>(
    batches: &[Batch],
    runner: &R,
    sink: &mut impl TrialSink<R::Output>,
) -> Result<()> {
    for (position, batch) in batches.iter().enumerate() {
        if runner.is_interrupted() {
            return Err(LabError::Interrupted);
        }
        match batch {
            Batch::Serial(trial) => {
                let next = batches.get(position + 1).and_then(Batch::first);
                sink.started(trial);
                sink.finished(trial, runner.run(trial, next, None))?;
            }
            Batch::SideBySide(trials) => side_by_side(trials, runner, sink)?,
        }
    }
    Ok(())
}

/// Runs the trials of a batch at the same time; the sink gets them in the order in which
/// they end.
fn side_by_side<R: TrialRunner>(
    trials: &[ScheduledTrial],
    runner: &R,
    sink: &mut impl TrialSink<R::Output>,
) -> Result<()> {
    let barrier = StartBarrier::new(trials.len());
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        for trial in trials {
            sink.started(trial);
            let (sender, barrier) = (sender.clone(), &barrier);
            // Each thread outlives the workers of its trial: the kernel kills
            // them with the thread that started them.
            scope.spawn(move || {
                let output = runner.run(trial, None, Some(barrier));
                barrier.arrive();
                let _ = sender.send((trial, output));
            });
        }
        drop(sender);
        let mut first_error = None;
        for (trial, output) in receiver {
            if let Err(error) = sink.finished(trial, output) {
                barrier.cancel();
                first_error.get_or_insert(error);
            }
        }
        first_error.map_or(Ok(()), Err)
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use scenario::PlannedTrial;

    use super::*;

    /// Trials that are numbers; one fails, and one is the last before an
    /// interruption.
    #[derive(Default)]
    struct Numbers {
        fails: Option<u32>,
        interrupted_after: Option<usize>,
        done: AtomicUsize,
        running: AtomicUsize,
        most_running: AtomicUsize,
    }

    impl TrialRunner for Numbers {
        type Output = (u32, Option<u32>);

        fn run(
            &self,
            trial: &ScheduledTrial,
            next: Option<&ScheduledTrial>,
            barrier: Option<&StartBarrier>,
        ) -> Result<Self::Output> {
            let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_running.fetch_max(running, Ordering::SeqCst);
            if self.fails == Some(trial.planned.id) {
                return Err(LabError::Interrupted);
            }
            if let Some(barrier) = barrier {
                barrier.wait();
                // The other trials of a failed one's batch are cancelled.
                while self.fails.is_some() && !barrier.is_cancelled() {
                    std::thread::yield_now();
                }
            }
            self.running.fetch_sub(1, Ordering::SeqCst);
            self.done.fetch_add(1, Ordering::SeqCst);
            Ok((trial.planned.id, next.map(|next| next.planned.id)))
        }

        fn is_interrupted(&self) -> bool {
            self.interrupted_after.is_some_and(|most| self.done.load(Ordering::SeqCst) >= most)
        }
    }

    #[derive(Default)]
    struct RecordedTrials {
        started: Vec<u32>,
        finished: Vec<(u32, Option<u32>)>,
    }

    impl TrialSink<(u32, Option<u32>)> for RecordedTrials {
        fn started(&mut self, trial: &ScheduledTrial) {
            self.started.push(trial.planned.id);
        }

        fn finished(
            &mut self,
            _: &ScheduledTrial,
            output: Result<(u32, Option<u32>)>,
        ) -> Result<()> {
            self.finished.push(output?);
            Ok(())
        }
    }

    fn trial(id: u32) -> ScheduledTrial {
        let planned = PlannedTrial { id, cell: 0, repetition: 0, retry: 0 };
        ScheduledTrial { side: 0, planned }
    }

    fn serial(ids: &[u32]) -> Vec<Batch> {
        ids.iter().map(|&id| Batch::Serial(trial(id))).collect()
    }

    #[test]
    fn serial_trials_run_in_order_and_the_next_one_is_announced() {
        let mut recorded = RecordedTrials::default();
        execute(&serial(&[4, 2, 7]), &Numbers::default(), &mut recorded).unwrap();
        assert_eq!(recorded.started, [4, 2, 7]);
        assert_eq!(recorded.finished, [(4, Some(2)), (2, Some(7)), (7, None)]);
    }

    #[test]
    fn no_trial_starts_after_an_interruption_or_a_failure() {
        let mut recorded = RecordedTrials::default();
        let interrupted = Numbers { interrupted_after: Some(2), ..Numbers::default() };
        let end = execute(&serial(&[1, 2, 3]), &interrupted, &mut recorded);
        assert!(matches!(end, Err(LabError::Interrupted)));
        assert_eq!(recorded.started, [1, 2]);

        let mut recorded = RecordedTrials::default();
        let failing = Numbers { fails: Some(2), ..Numbers::default() };
        execute(&serial(&[1, 2, 3]), &failing, &mut recorded).unwrap_err();
        assert_eq!((recorded.started.len(), recorded.finished.len()), (2, 1));
    }

    #[test]
    fn trials_of_a_batch_run_concurrently_and_a_failure_ends_the_others() {
        let batch = Batch::SideBySide((0..4).map(trial).collect());
        let (mut recorded, runner) = (RecordedTrials::default(), Numbers::default());
        execute(std::slice::from_ref(&batch), &runner, &mut recorded).unwrap();
        assert_eq!(runner.most_running.load(Ordering::SeqCst), 4, "the barrier joins them");
        assert_eq!(recorded.finished.len(), 4);

        let mut recorded = RecordedTrials::default();
        let failing = Numbers { fails: Some(1), ..Numbers::default() };
        execute(&[batch, Batch::Serial(trial(9))], &failing, &mut recorded).unwrap_err();
        assert_eq!(recorded.finished.len(), 3, "they end, and their results are recorded");
        assert!(!recorded.started.contains(&9));
    }
}
